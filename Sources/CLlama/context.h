#ifndef CL_CONTEXT_IMPL_H
#define CL_CONTEXT_IMPL_H

#include "cl_context.h"

#include "llama.h"

namespace cl {

// Refuses what would find memory as it was before a copy that is put off.
cl_status deferred_copy() noexcept;

// What llama.cpp's answer to a batch means, by the name of the function that gave it.
cl_status decoded(cl_context * context, int32_t code, const char * function, cl_decode_outcome * outcome);

} // namespace cl

struct cl_context {
    const cl_model * model;
    llama_context * handle;
    llama_batch batch;
    int32_t capacity;
    int32_t sequences;
    bool unified;
    bool embeddings;
    uint32_t length; // tokens that one sequence can hold
    bool has_deferred_copy;
    bool may_abort;
    bool (*should_abort)(void * user_data);
    void * user_data;
};

#endif
