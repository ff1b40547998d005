// llama.cpp's own simple decoding loop, to hold the engine to: one sequence, the whole prompt in one batch, then a
// token at a time, always the likeliest.

#ifndef CLLAMA_REFERENCE_H
#define CLLAMA_REFERENCE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Writes up to count tokens, the end of generation left out, and for each the distance between the two highest logits.
// Gives their number, or a negative number on a failure.
int32_t reference_greedy(
    const char * model_path, const char * text, int32_t threads, int32_t count, int32_t * tokens, float * margins);

#ifdef __cplusplus
}
#endif

#endif
