#ifndef CL_MEMORY_H
#define CL_MEMORY_H

#include "cl_context.h"

#ifdef __cplusplus
extern "C" {
#endif

// Bytes in one kind of memory: the host's, or one GPU's.
typedef struct cl_memory_use {
    uint64_t weights;
    uint64_t cache;   // the KV cache, recurrent states
    uint64_t compute; // the buffers of a step, the logits
} cl_memory_use;

// What a context and its model take; of a model that was made with measure_only, what they would take, computed by the
// same code that would allocate it. Writes one entry for the host and then one for each GPU: capacity must be
// 1 + cl_gpu_count().
cl_status cl_context_memory(const cl_context * context, cl_memory_use * uses, size_t capacity);

// GPUs that ggml knows in this build, integrated ones included; the name of one (0 <= index < count), and what of its
// memory is free now. A device that does not tell has 0 bytes free.
int32_t cl_gpu_count(void);
const char * cl_gpu_name(int32_t index);
void cl_gpu_memory(int32_t index, uint64_t * free_bytes, uint64_t * total_bytes);

#ifdef __cplusplus
}
#endif

#endif
