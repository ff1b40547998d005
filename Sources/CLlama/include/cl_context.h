#ifndef CL_CONTEXT_H
#define CL_CONTEXT_H

#include "cl_model.h"

#ifdef __cplusplus
extern "C" {
#endif

// A model's working memory: the KV cache of its sequences and the buffers of a step. Used by one thread at a time.
// Freed before its model.
typedef struct cl_context cl_context;

typedef struct cl_context_options {
    uint32_t context_length;  // tokens that one sequence can hold; rounded up to a multiple of 256
    uint32_t sequences;       // 1...256
    uint32_t batch_tokens;    // tokens in one decode
    uint32_t threads;         // for single tokens and for prompts
    // Polled between the nodes of a running graph, on the thread that called decode; true cuts the decode off.
    // CPU only. May be NULL.
    bool (*should_abort)(void * user_data);
    void * user_data;
} cl_context_options;

cl_status cl_context_create(const cl_model * model, cl_context_options options, cl_context ** context);
void cl_context_free(cl_context * context);

// Threads of the decodes from now on; at least 1. The number changes the last bits of logits, as batch sizes do.
cl_status cl_context_set_threads(cl_context * context, uint32_t threads);

// Tokens that one sequence really can hold.
uint32_t cl_context_length(const cl_context * context);

// Whether the end of a sequence's memory can be cut off: not so with recurrent memory.
bool cl_context_cuts_sequences(const cl_context * context);

// The batch that the next decode computes. Adding checks what llama.cpp would assert on: room, the token's id, the
// sequence's number. Tokens of one sequence are added in order of position, each position following the last.
// index is the token's place in the batch: what its logits are asked for by.
void cl_batch_clear(cl_context * context);
cl_status cl_batch_add(
    cl_context * context, int32_t token, int32_t position, int32_t sequence, bool wants_logits, int32_t * index);

typedef enum __attribute__((enum_extensibility(closed))) cl_decode_outcome {
    CL_DECODED = 0,
    CL_NO_ROOM = 1, // no room in the KV cache; the memory is as it was
    CL_ABORTED = 2, // micro-batches already done stay in the memory; the one cut off is removed from all its sequences
} cl_decode_outcome;

// Computes the batch. On a failure the memory of the sequences in it is unknown.
cl_status cl_context_decode(cl_context * context, cl_decode_outcome * outcome);

// Forgets all of a sequence; what it holds from a position on (CL_FAILED where the memory can't be cut); gives an empty
// sequence all that another holds.
cl_status cl_memory_clear(cl_context * context, int32_t sequence);
cl_status cl_memory_cut(cl_context * context, int32_t sequence, int32_t position);
cl_status cl_memory_copy(cl_context * context, int32_t from, int32_t to);

// The logits of a batch index that wanted them: vocabulary_size floats, owned by the context, valid until the next
// decode. NULL where the index has none.
const float * cl_context_logits(cl_context * context, int32_t index);

#ifdef __cplusplus
}
#endif

#endif
