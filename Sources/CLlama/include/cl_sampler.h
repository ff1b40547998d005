#ifndef CL_SAMPLER_H
#define CL_SAMPLER_H

#include "cl_context.h"

#ifdef __cplusplus
extern "C" {
#endif

// Chooses tokens from logits, for one sequence. Used by one thread at a time; freed before its model.
typedef struct cl_sampler cl_sampler;

typedef struct cl_logit_bias {
    int32_t token;
    float bias;
} cl_logit_bias;

typedef struct cl_sampler_options {
    float temperature; // 0: the likeliest token
    int32_t top_k;     // 0: all
    float top_p;
    float min_p;
    float presence_penalty;
    float frequency_penalty;
    uint32_t seed;
    bool ignores_end;                // the tokens that end a generation are never chosen
    uint32_t penalty_window;         // how many chosen tokens the penalties look back at
    const cl_logit_bias * biases;    // copied
    size_t bias_count;
} cl_sampler_options;

cl_status cl_sampler_create(const cl_model * model, cl_sampler_options options, cl_sampler ** sampler);
void cl_sampler_free(cl_sampler * sampler);

// Chooses from the logits of a batch index that wanted them, and remembers the choice for the penalties.
// ends_generation: whether it is one of the tokens by which the model ends a generation.
cl_status cl_sampler_sample(
    cl_sampler * sampler, cl_context * context, int32_t index, int32_t * token, bool * ends_generation);

#ifdef __cplusplus
}
#endif

#endif
