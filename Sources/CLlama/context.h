#ifndef CL_CONTEXT_IMPL_H
#define CL_CONTEXT_IMPL_H

#include "cl_context.h"

#include "llama.h"

struct cl_context {
    const cl_model * model;
    llama_context * handle;
    llama_batch batch;
    int32_t capacity;
    int32_t sequences;
    bool unified;
    uint32_t length; // tokens that one sequence can hold
};

#endif
