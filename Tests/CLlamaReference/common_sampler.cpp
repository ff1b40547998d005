#include "CLlamaReference.h"

#include "common.h"
#include "llama.h"
#include "sampling.h"

#include <algorithm>
#include <vector>

struct reference_common {
    llama_model * model;
    common_sampler * sampler;
    std::vector<llama_token_data> candidates;
};

namespace {

common_sampler_type type_of(cl_sampler_stage stage) {
    switch (stage) {
    case CL_STAGE_PENALTIES: return COMMON_SAMPLER_TYPE_PENALTIES;
    case CL_STAGE_DRY: return COMMON_SAMPLER_TYPE_DRY;
    case CL_STAGE_TOP_N_SIGMA: return COMMON_SAMPLER_TYPE_TOP_N_SIGMA;
    case CL_STAGE_TOP_K: return COMMON_SAMPLER_TYPE_TOP_K;
    case CL_STAGE_TYPICAL_P: return COMMON_SAMPLER_TYPE_TYPICAL_P;
    case CL_STAGE_TOP_P: return COMMON_SAMPLER_TYPE_TOP_P;
    case CL_STAGE_MIN_P: return COMMON_SAMPLER_TYPE_MIN_P;
    case CL_STAGE_XTC: return COMMON_SAMPLER_TYPE_XTC;
    case CL_STAGE_TEMPERATURE: return COMMON_SAMPLER_TYPE_TEMPERATURE;
    }
    return COMMON_SAMPLER_TYPE_NONE;
}

} // namespace

reference_common * reference_common_create(const char * model_path, const cl_sampler_options * options) {
    llama_model_params model_params = llama_model_default_params();
    model_params.vocab_only = true;
    llama_model * model = llama_model_load_from_file(model_path, model_params);
    if (model == nullptr) { return nullptr; }
    const cl_chain_options & extra = *options->chain;
    common_params_sampling params;
    params.no_perf = true;
    params.seed = options->seed;
    params.temp = options->temperature;
    params.top_k = options->top_k;
    params.top_p = options->top_p;
    params.min_p = options->min_p;
    params.typ_p = extra.typical_p;
    params.top_n_sigma = extra.top_n_sigma;
    params.xtc_probability = extra.xtc_probability;
    params.xtc_threshold = extra.xtc_threshold;
    params.dynatemp_range = extra.dynatemp_range;
    params.dynatemp_exponent = extra.dynatemp_exponent;
    params.penalty_repeat = extra.repeat_penalty;
    params.penalty_last_n = options->presence_penalty != 0 || options->frequency_penalty != 0
                                ? (int32_t) options->penalty_window
                                : extra.repeat_last_n;
    params.penalty_present = options->presence_penalty;
    params.penalty_freq = options->frequency_penalty;
    params.dry_multiplier = extra.dry_multiplier;
    params.dry_base = extra.dry_base;
    params.dry_allowed_length = extra.dry_allowed_length;
    params.dry_penalty_last_n = extra.dry_penalty_last_n;
    params.dry_sequence_breakers.assign(extra.breakers, extra.breakers + extra.breaker_count);
    params.mirostat = extra.mirostat;
    params.mirostat_tau = extra.mirostat_tau;
    params.mirostat_eta = extra.mirostat_eta;
    params.min_keep = (int32_t) extra.min_keep;
    params.samplers.clear();
    for (size_t index = 0; index < extra.stage_count; ++index) {
        params.samplers.push_back(type_of(extra.stages[index]));
    }
    common_sampler * sampler = common_sampler_init(model, params);
    const int32_t size = llama_vocab_n_tokens(llama_model_get_vocab(model));
    auto * common = new reference_common{model, sampler, std::vector<llama_token_data>((size_t) size)};
    for (size_t index = 0; index < extra.history_count; ++index) {
        common_sampler_accept(sampler, extra.history[index], false);
    }
    return common;
}

void reference_common_free(reference_common * common) {
    common_sampler_free(common->sampler);
    llama_model_free(common->model);
    delete common;
}

int32_t reference_common_choose(reference_common * common, const float * logits) {
    auto & candidates = common->candidates;
    for (size_t token = 0; token < candidates.size(); ++token) {
        candidates[token] = {(llama_token) token, logits[token], 0};
    }
    llama_token_data_array array = {candidates.data(), candidates.size(), -1, false};
    llama_sampler_apply(common_sampler_get(common->sampler), &array);
    const llama_token token = array.data[array.selected].id;
    common_sampler_accept(common->sampler, token, true);
    return token;
}
