// What llama.cpp itself does, to hold the engine to.

#ifndef CLLAMA_REFERENCE_H
#define CLLAMA_REFERENCE_H

#include "cl_sampler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// llama.cpp's own simple decoding loop: one sequence, the whole prompt in one batch, then a token at a time, always the
// likeliest. Writes up to count tokens, the end of generation left out, and for each the distance between the two highest
// logits. Gives their number, or a negative number on a failure.
int32_t reference_greedy(
    const char * model_path, const char * text, int32_t threads, int32_t count, int32_t * tokens, float * margins);

// The same with an image or a sound in a file, as llama.cpp's multimodal library does it: the text holds its marker, <__media__>, once.
int32_t reference_media_greedy(
    const char * model_path, const char * projector_path, const char * media_path, const char * text, int32_t threads,
    int32_t count, int32_t * tokens);

// The logits at the last `rows` tokens of a text. Row_length is the size of the model's vocabulary. Gives rows, or a
// negative number on a failure.
int32_t reference_logits(
    const char * model_path, const char * text, int32_t threads, int32_t rows, size_t row_length, float * logits);

// llama.cpp's chain of samplers for the same options, ignores_end apart.
typedef struct reference_chain reference_chain;

reference_chain * reference_chain_create(const cl_sampler_options * options, size_t vocabulary_size);
void reference_chain_free(reference_chain * chain);

// Remembers a token for the penalties.
void reference_chain_accept(reference_chain * chain, int32_t token);

// Chooses from as many logits as the vocabulary has, and remembers. Probabilities: of each token, set where not NULL and
// the temperature is not 0.
int32_t reference_chain_choose(reference_chain * chain, const float * logits, float * probabilities);

// The sampler of llama.cpp's common library for the same options, which name a chain; biases apart. Penalties of presence
// and frequency look back as far as the repetition penalty there: either may be asked for, not both.
typedef struct reference_common reference_common;

// NULL where the model does not load.
reference_common * reference_common_create(const char * model_path, const cl_sampler_options * options);
void reference_common_free(reference_common * common);
// Chooses from as many logits as the vocabulary has, and remembers.
int32_t reference_common_choose(reference_common * common, const float * logits);

// llama.cpp's own sampler of a grammar, over the vocabulary of a model. NULL where the model does not load.
typedef struct reference_grammar reference_grammar;

reference_grammar * reference_grammar_create(const char * model_path, const char * rules);
// Whether llama.cpp takes it for a grammar; nothing else may be asked where it does not.
bool reference_grammar_exists(const reference_grammar * grammar);
void reference_grammar_free(reference_grammar * grammar);
// Sets allowed, of the vocabulary's size, to which tokens may come next.
void reference_grammar_allowed(reference_grammar * grammar, bool * allowed);
// Goes on by a token that is allowed.
void reference_grammar_accept(reference_grammar * grammar, int32_t token);

// Which keys a row of queries sees; rows are the last of the keys.
typedef enum reference_visibility {
    REFERENCE_EVERYTHING,
    REFERENCE_CAUSAL,
    // Causal, and the last 100 keys alone.
    REFERENCE_WINDOW,
    // Each row is another sequence's, whose keys lie in one piece.
    REFERENCE_SEQUENCES,
} reference_visibility;

// One call of ggml's attention, on random numbers.
typedef struct reference_attention_case {
    int32_t heads, kv_heads, head_size, rows, keys, threads;
    reference_visibility visibility;
    bool half_precision, has_sinks;
    // Slopes as in ALiBi, and a cap on products; 0 for none.
    float max_bias, softcap;
    uint32_t seed;
} reference_attention_case;

// The largest distance of a number that ggml's attention gives from its value in double precision; negative on a failure.
float reference_attention_error(const reference_attention_case * shape);

// Runs llama-tts with a command line; answers its exit status.
int32_t reference_speech(int32_t count, char ** arguments);

#ifdef __cplusplus
}
#endif

#endif
