#ifndef CL_MODEL_H
#define CL_MODEL_H

#include "cl_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A loaded model, read-only after loading and so shareable between threads. Freed by cl_model_free, after every
// context, vocabulary view and template of it.
typedef struct cl_model cl_model;

typedef struct cl_model_options {
    bool vocabulary_only; // no weights: for tokenizing alone
    // No weights and no memory: contexts of it can only be asked what memory they would take (cl_context_memory).
    bool measure_only;
    int32_t gpu_layers;   // layers to place on a GPU; 0 none, negative all
    // Called now and then with 0...1 while the weights load; may be NULL. False stops the loading.
    bool (*progress)(float fraction, void * user_data);
    void * user_data;
} cl_model_options;

// Loads a GGUF file. The path is checked by the caller to be a readable regular file.
cl_status cl_model_load(const char * path, cl_model_options options, cl_model ** model);
void cl_model_free(cl_model * model);

// How the vectors of a text's tokens become one; the values are llama.cpp's.
typedef enum __attribute__((enum_extensibility(open))) cl_pooling {
    CL_POOLING_NONE = 0, // not at all, or the file does not say
    CL_POOLING_MEAN = 1,
    CL_POOLING_CLS = 2,  // the first token's
    CL_POOLING_LAST = 3, // the last token's
    CL_POOLING_RANK = 4, // a classifier's scores: a reranker
} cl_pooling;

typedef struct cl_model_info {
    int32_t training_context; // tokens
    int32_t layers;           // that can be placed on a GPU, the output's included
    uint64_t parameters;
    uint64_t size_bytes;
    bool has_decoder;
    bool is_causal;
    bool cuts_memory; // whether the end of a sequence's memory can be cut off: not so with recurrent memory
    cl_pooling pooling;
    uint32_t embedding_size;     // dimensions of a vector; of a reranker, the scores it gives
    uint64_t kv_bytes_per_token; // of all layers, with f16 keys and values; 0 where the model has no KV cache
} cl_model_info;

cl_model_info cl_model_get_info(const cl_model * model);

// A one-line description such as "llama 135M Q4_1". Writes at most capacity bytes, zero included; gives the length.
int32_t cl_model_describe(const cl_model * model, char * buffer, size_t capacity);

// Reads a GGUF file's header alone and copies one string value: for listing models without loading them.
// CL_FAILED where it is not a GGUF file, or the key is missing or not a string; value is cut to capacity.
cl_status cl_gguf_string(const char * path, const char * key, char * value, size_t capacity);

// The same for a number of 32 bits without a sign.
cl_status cl_gguf_number(const char * path, const char * key, uint32_t * value);

// The same for a truth value.
cl_status cl_gguf_flag(const char * path, const char * key, bool * value);

#ifdef __cplusplus
}
#endif

#endif
