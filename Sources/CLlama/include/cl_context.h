#ifndef CL_CONTEXT_H
#define CL_CONTEXT_H

#include "cl_model.h"

#ifdef __cplusplus
extern "C" {
#endif

// A model's working memory: the KV cache of its sequences and the buffers of a step. Used by one thread at a time.
// Freed before its model.
typedef struct cl_context cl_context;

// Flash attention computes attention block by block, without the whole matrix of scores. Auto lets llama.cpp decide.
typedef enum __attribute__((enum_extensibility(closed))) cl_flash_attention {
    CL_FLASH_AUTO = 0,
    CL_FLASH_OFF = 1,
    CL_FLASH_ON = 2,
} cl_flash_attention;

// What keys or values are stored as. Quantized values need flash attention, and heads whose size is a multiple of 32.
typedef enum __attribute__((enum_extensibility(closed))) cl_cache_type {
    CL_CACHE_F16 = 0,
    CL_CACHE_BF16 = 1,
    CL_CACHE_F32 = 2,
    CL_CACHE_Q8_0 = 3,
    CL_CACHE_Q5_1 = 4,
    CL_CACHE_Q5_0 = 5,
    CL_CACHE_Q4_1 = 6,
    CL_CACHE_Q4_0 = 7,
} cl_cache_type;

// Zero is a sensible default for everything but the first four.
typedef struct cl_context_options {
    uint32_t context_length;  // tokens that one sequence can hold; rounded up to a multiple of 256
    uint32_t sequences;       // 1...256
    uint32_t batch_tokens;    // tokens in one decode
    uint32_t threads;         // for a decode of one token
    uint32_t batch_threads;   // for a decode of several tokens; 0: as many as for one
    cl_flash_attention flash_attention;
    cl_cache_type key_type;
    cl_cache_type value_type;
    // False: a stream of cells for each sequence, whose attention reads its own cells alone. True: one pool of
    // sequences * context_length cells; copies between sequences cost nothing, attention looks at everybody's cells.
    bool unified;
    // Cells of the pool; 0: as many as all sequences could fill. With fewer, a decode may find no room.
    uint32_t cache_tokens;
    // For embeddings: each decode gives one vector for each of its sequences instead of logits. Sequences then share one
    // pool of cells (where the model has any), and sequences * context_length need not fit. batch_tokens has to be a
    // multiple of sequences.
    bool embeddings;
    // Polled between the nodes of a running graph, on the thread that called decode; true cuts the decode off, save where
    // it computes several sequences of recurrent memory: see cl_context_decode. CPU only. May be NULL.
    bool (*should_abort)(void * user_data);
    void * user_data;
} cl_context_options;

cl_status cl_context_create(const cl_model * model, cl_context_options options, cl_context ** context);
void cl_context_free(cl_context * context);

// Threads of the decodes from now on, of one token and of several; at least 1 each. The number changes the last bits of
// logits, as batch sizes do.
cl_status cl_context_set_threads(cl_context * context, uint32_t threads, uint32_t batch_threads);

// Tokens that one sequence really can hold.
uint32_t cl_context_length(const cl_context * context);

// Whether the end of a sequence's memory can be cut off: not so with recurrent memory.
bool cl_context_cuts_sequences(const cl_context * context);

// Whether what was saved of a sequence can be cut when it is restored: not so with sliding windows, of which llama.cpp saves
// only what lies in the window at the sequence's end.
bool cl_context_cuts_states(const cl_context * context);

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
//
// For a batch of several sequences recurrent states change places, those of sequences in between too, and are marked as
// moved before they are: cut off, such a decode would lose the states of sequences that are not in it. It is not cut off.
cl_status cl_context_decode(cl_context * context, cl_decode_outcome * outcome);

// Forgets all of a sequence; what it holds from a position on (CL_FAILED where the memory can't be cut); gives an empty
// sequence what another holds before a position, which is all of it where the memory can't be cut.
//
// Between streams llama.cpp can put a copy off until the next decode, and what is saved or restored until then, or copied
// in another way, would find the memory as it was before: may_defer says that there will be nothing of the kind. Where
// there is all the same, it is refused with CL_FAILED. Where states can't be cut, such copies are always put off.
cl_status cl_memory_clear(cl_context * context, int32_t sequence);
cl_status cl_memory_cut(cl_context * context, int32_t sequence, int32_t position);
cl_status cl_memory_copy(cl_context * context, int32_t from, int32_t to, int32_t position, bool may_defer);

// A copy of what a sequence holds, in ordinary memory. Freed by cl_state_free; it may outlive the context.
typedef struct cl_state cl_state;

// CL_OUT_OF_MEMORY where there is no room for it.
cl_status cl_state_save(cl_context * context, int32_t sequence, cl_state ** state);
// Gives an empty sequence what was saved in this context or one like it. On a failure what the sequence holds is unknown.
// Bytes that no such context has saved are refused, or make it fail: check where they come from before.
cl_status cl_state_restore(cl_context * context, int32_t sequence, const uint8_t * bytes, size_t size);
void cl_state_free(cl_state * state);

// The bytes of a state, owned by it.
const uint8_t * cl_state_bytes(const cl_state * state, size_t * size);

// The size of what a sequence holds now, as a state, in bytes.
size_t cl_state_size(cl_context * context, int32_t sequence);

// The logits of a batch index that wanted them: vocabulary_size floats, owned by the context, valid until the next
// decode. NULL where the index has none.
const float * cl_context_logits(cl_context * context, int32_t index);

// For a context made for embeddings, forgets what all sequences hold: before the batch of the next texts.
void cl_context_forget(cl_context * context);

// The numbers that a decode gives for each sequence: the dimensions of a vector, or a reranker's scores. 0 for a context
// that is not made for embeddings.
uint32_t cl_context_embedding_size(const cl_context * context);

// What the last decode gave for a sequence: cl_context_embedding_size floats, owned by the context, valid until the next
// decode. NULL where the sequence had no token in it.
const float * cl_context_embedding(cl_context * context, int32_t sequence);

#ifdef __cplusplus
}
#endif

#endif
