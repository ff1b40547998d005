#ifndef CL_SAMPLER_H
#define CL_SAMPLER_H

#include "cl_context.h"

#ifdef __cplusplus
extern "C" {
#endif

// Chooses tokens from logits, for one sequence: the tokens that llama.cpp's chain of samplers would give, with the same
// probabilities, without its array of the whole vocabulary. A choice depends on the options, the logits and the choices
// before it alone: not on the other sequences of a step, nor on the number of threads.
// Used by one thread at a time; freed before its model.
typedef struct cl_sampler cl_sampler;

typedef struct cl_logit_bias {
    int32_t token;
    float bias;
} cl_logit_bias;

// Applied in this order: biases, penalties, top-k, top-p, min-p, temperature, choice.
typedef struct cl_sampler_options {
    float temperature; // 0: the likeliest token, the first of equals
    int32_t top_k;     // 0: all
    float top_p;       // 1: all
    float min_p;       // 0: all
    float presence_penalty;
    float frequency_penalty;
    uint32_t seed;                   // each choice but the likeliest token takes one random number
    bool ignores_end;                // the tokens that end a generation are never chosen
    uint32_t penalty_window;         // how many chosen tokens the penalties look back at
    const cl_logit_bias * biases;    // copied
    size_t bias_count;
} cl_sampler_options;

// CL_INVALID_ARGUMENT where a number is NaN or infinite (a bias may be infinite), or a bias names no token.
cl_status cl_sampler_create(const cl_model * model, cl_sampler_options options, cl_sampler ** sampler);
void cl_sampler_free(cl_sampler * sampler);

typedef struct cl_sample {
    int32_t token;        // negative: no logit is above -inf, NaN counted as -inf, and so there is nothing to choose
    bool ends_generation; // whether it is one of the tokens by which the model ends a generation
} cl_sample;

// Chooses for each sampler from the logits of its batch index, which wanted them, and remembers the choices for the
// penalties. Runs on this thread and those that the context decodes with. No sampler and no index comes twice.
// Needs the logits to itself; they are unchanged when it returns.
cl_status cl_sampler_sample_all(
    cl_context * context, cl_sampler * const * samplers, const int32_t * indices, size_t count, cl_sample * samples);

// The same from the caller's rows of logits, of row_length each (biases and penalties beyond it do nothing), on `threads`
// threads.
cl_status cl_sampler_choose_all(
    cl_sampler * const * samplers, float * const * rows, size_t row_length, size_t count, uint32_t threads,
    cl_sample * samples);

#ifdef __cplusplus
}
#endif

#endif
