#ifndef CL_SAMPLER_H
#define CL_SAMPLER_H

#include "cl_context.h"
#include "cl_grammar.h"

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

// The stages of llama.cpp's chain of samplers. Each does something only where its numbers ask for it.
typedef enum __attribute__((enum_extensibility(closed))) cl_sampler_stage {
    CL_STAGE_PENALTIES,
    CL_STAGE_DRY,
    CL_STAGE_TOP_N_SIGMA,
    CL_STAGE_TOP_K,
    CL_STAGE_TYPICAL_P,
    CL_STAGE_TOP_P,
    CL_STAGE_MIN_P,
    CL_STAGE_XTC,
    CL_STAGE_TEMPERATURE,
} cl_sampler_stage;

// Samplers that few ask for: with any of them, llama.cpp's own chain chooses, behind biases and the penalties of presence
// and frequency. All is copied.
typedef struct cl_chain_options {
    const cl_sampler_stage * stages; // in order; those that are not named do nothing
    size_t stage_count;
    float typical_p;     // 1: all
    float top_n_sigma;   // 0 or less: all
    float xtc_probability, xtc_threshold;
    float dynatemp_range, dynatemp_exponent;
    float repeat_penalty;  // 1: none
    int32_t repeat_last_n; // tokens
    float dry_multiplier, dry_base;
    int32_t dry_allowed_length, dry_penalty_last_n; // tokens
    const char * const * breakers;                  // texts that DRY does not look across
    size_t breaker_count;
    int32_t mirostat; // 0, 1 or 2; in place of the stages but penalties, DRY and temperature
    float mirostat_tau, mirostat_eta;
    uint32_t min_keep;
    const int32_t * history; // the prompt's last tokens, which the repetition penalty and DRY look back at too
    size_t history_count;
} cl_chain_options;

// Applied in this order: biases, penalties, top-k, top-p, min-p, temperature, choice. Where the grammar refuses what was
// chosen, the choice is made once more, from what the grammar allows, as llama.cpp's common library does.
typedef struct cl_sampler_options {
    float temperature; // 0: the likeliest token, the first of equals
    int32_t top_k;     // 0: all
    float top_p;       // 1: all
    float min_p;       // 0: all
    float presence_penalty;
    float frequency_penalty;
    uint32_t seed;                   // each choice but the likeliest token takes one random number, or two
    bool ignores_end;                // the tokens that end a generation are never chosen
    uint32_t penalty_window;         // how many chosen tokens the penalties look back at
    const cl_logit_bias * biases;    // copied
    size_t bias_count;
    bool tells_probabilities;        // the chosen token's
    uint32_t top_logprobs;           // and of so many of the likeliest tokens
    bool tells_drawn;                // of the distribution that the token was drawn from, in place of the model's own
    const cl_grammar * grammar;      // NULL: none; may be freed before the sampler
    const cl_chain_options * chain;  // NULL: none of them
} cl_sampler_options;

// CL_INVALID_ARGUMENT where a number is NaN or infinite (a bias may be infinite), or a bias names no token.
cl_status cl_sampler_create(const cl_model * model, cl_sampler_options options, cl_sampler ** sampler);
void cl_sampler_free(cl_sampler * sampler);

typedef struct cl_sample {
    int32_t token;        // negative: there is nothing to choose, and why
    bool ends_generation; // whether it is one of the tokens by which the model ends a generation
} cl_sample;

enum {
    CL_NO_LOGITS = -1,  // no logit is above -inf, NaN counted as -inf
    CL_NO_GRAMMAR = -2, // the grammar has no way on, or too many ways to be followed
};

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

typedef struct cl_token_logprob {
    int32_t token;
    float logprob; // the natural logarithm of a probability; -inf for none
} cl_token_logprob;

// What the model itself found of a sampler's last choice: probabilities before biases, penalties, grammar, temperature and
// truncation; or where tells_drawn asks for them, those behind all of these, in which tokens that could not be drawn are
// none. Gives the number of the likeliest tokens, in order, owned by the sampler until its next choice; 0, and NaN, where
// none were asked for.
size_t cl_sampler_probabilities(const cl_sampler * sampler, float * chosen, const cl_token_logprob ** top);

// For each of some batch indices, which wanted logits, the probability of a target, and those of the likeliest tokens: row
// by row, with `places` places in each, of which top_count are set.
// Needs the logits to itself, on this thread and those that the context decodes with.
cl_status cl_context_score(
    cl_context * context, const int32_t * indices, const int32_t * targets, size_t count, size_t places,
    float * logprobs, cl_token_logprob * top, size_t * top_count);

#ifdef __cplusplus
}
#endif

#endif
