#ifndef CL_MODEL_IMPL_H
#define CL_MODEL_IMPL_H

#include "cl_model.h"

#include "llama.h"

struct cl_model {
    llama_model * handle = nullptr;
    uint64_t kv_bytes_per_token = 0;
    bool measure_only = false;

    const llama_vocab * vocabulary() const { return llama_model_get_vocab(handle); }
};

#endif
