#ifndef CL_MODEL_IMPL_H
#define CL_MODEL_IMPL_H

#include "cl_model.h"

#include "llama.h"
#include "sampler_chain.h"
#include "vocabulary_text.h"

#include <memory>
#include <mutex>

struct cl_model {
    llama_model * handle = nullptr;
    uint64_t kv_bytes_per_token = 0;
    bool measure_only = false;
    // Made when the first grammar needs it.
    mutable std::once_flag text_once;
    mutable std::shared_ptr<const cl::vocabulary_text> text;
    mutable cl::dry_cache dries;

    const llama_vocab * vocabulary() const { return llama_model_get_vocab(handle); }
};

#endif
