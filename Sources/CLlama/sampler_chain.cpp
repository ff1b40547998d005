#include "sampler_chain.h"

#include <algorithm>
#include <cmath>

namespace {

constexpr size_t most_breakers = 32;
constexpr size_t longest_breaker = 128;
constexpr size_t most_stages = 32;
constexpr int32_t mirostat_candidates = 100; // as in the paper, and in llama.cpp

} // namespace

const char * cl::what_is_wrong(const cl_chain_options & options) {
    for (const float number : {options.typical_p, options.top_n_sigma, options.xtc_probability, options.xtc_threshold,
                               options.dynatemp_range, options.dynatemp_exponent, options.repeat_penalty,
                               options.dry_multiplier, options.dry_base, options.mirostat_tau, options.mirostat_eta}) {
        if (!std::isfinite(number)) { return "a sampling parameter is not a finite number"; }
    }
    if (!(options.repeat_penalty > 0) || !std::isfinite(1 / options.repeat_penalty)) {
        return "the repetition penalty is not above 0";
    }
    if (options.mirostat < 0 || options.mirostat > 2) { return "there is no such version of Mirostat"; }
    if (options.repeat_last_n < 0 || options.dry_penalty_last_n < 0) { return "a number of tokens is below 0"; }
    if (options.stage_count > most_stages) { return "there are too many samplers"; }
    if (options.breaker_count > most_breakers) { return "there are too many sequence breakers"; }
    for (size_t index = 0; index < options.breaker_count; ++index) {
        if (std::string(options.breakers[index]).size() > longest_breaker) { return "a sequence breaker is too long"; }
    }
    return nullptr;
}

cl::sampler_pointer cl::dry_cache::get(const llama_vocab * vocabulary, const cl_chain_options & options) {
    std::string key = std::to_string(options.dry_multiplier) + ' ' + std::to_string(options.dry_base) + ' ' +
                      std::to_string(options.dry_allowed_length) + ' ' + std::to_string(options.dry_penalty_last_n);
    for (size_t index = 0; index < options.breaker_count; ++index) {
        key += '\0';
        key += options.breakers[index];
    }
    const std::lock_guard<std::mutex> lock(mutex);
    auto known = made.find(key);
    if (known == made.end()) {
        std::vector<const char *> breakers(options.breakers, options.breakers + options.breaker_count);
        sampler_pointer sampler(llama_sampler_init_dry(
            vocabulary, options.dry_multiplier, options.dry_base, options.dry_allowed_length, options.dry_penalty_last_n,
            breakers.data(), breakers.size()));
        if (made.size() >= capacity) { made.clear(); }
        known = made.emplace(std::move(key), std::move(sampler)).first;
    }
    return sampler_pointer(llama_sampler_clone(known->second.get()));
}

cl::sampler_chain::sampler_chain(
    const llama_vocab * vocabulary, dry_cache & dries, const cl_sampler_options & options,
    const cl_chain_options & extra) {
    llama_sampler_chain_params params = llama_sampler_chain_default_params();
    params.no_perf = true;
    chain.reset(llama_sampler_chain_init(params));
    const int32_t size = llama_vocab_n_tokens(vocabulary);
    // The chain owns what it is given.
    const auto add = [&](llama_sampler * sampler) { llama_sampler_chain_add(chain.get(), sampler); };
    const size_t keep = std::max<size_t>(extra.min_keep, 1);
    const auto add_stage = [&](cl_sampler_stage stage) {
        switch (stage) {
        case CL_STAGE_PENALTIES:
            // Presence and frequency are seen to before the chain.
            if (extra.repeat_penalty != 1) {
                add(llama_sampler_init_penalties(size, extra.repeat_last_n, extra.repeat_penalty, 0, 0));
            }
            break;
        case CL_STAGE_DRY:
            if (extra.dry_multiplier != 0) { add(dries.get(vocabulary, extra).release()); }
            break;
        case CL_STAGE_TOP_N_SIGMA:
            if (extra.top_n_sigma > 0) { add(llama_sampler_init_top_n_sigma(extra.top_n_sigma)); }
            break;
        case CL_STAGE_TOP_K:
            if (options.top_k > 0) { add(llama_sampler_init_top_k(options.top_k)); }
            break;
        case CL_STAGE_TYPICAL_P:
            if (extra.typical_p < 1) { add(llama_sampler_init_typical(extra.typical_p, keep)); }
            break;
        case CL_STAGE_TOP_P:
            if (options.top_p < 1) { add(llama_sampler_init_top_p(options.top_p, keep)); }
            break;
        case CL_STAGE_MIN_P:
            if (options.min_p > 0) { add(llama_sampler_init_min_p(options.min_p, keep)); }
            break;
        case CL_STAGE_XTC:
            if (extra.xtc_probability > 0) {
                add(llama_sampler_init_xtc(extra.xtc_probability, extra.xtc_threshold, keep, options.seed));
            }
            break;
        case CL_STAGE_TEMPERATURE:
            add(llama_sampler_init_temp_ext(options.temperature, extra.dynatemp_range, extra.dynatemp_exponent));
            break;
        }
    };
    // At temperature 0 there is nothing left for Mirostat to draw from.
    if (extra.mirostat != 0 && options.temperature >= 1e-5f) {
        // Mirostat takes the place of all that truncates.
        add_stage(CL_STAGE_PENALTIES);
        add_stage(CL_STAGE_DRY);
        add(llama_sampler_init_temp(options.temperature));
        add(extra.mirostat == 1
                ? llama_sampler_init_mirostat(
                      size, options.seed, extra.mirostat_tau, extra.mirostat_eta, mirostat_candidates)
                : llama_sampler_init_mirostat_v2(options.seed, extra.mirostat_tau, extra.mirostat_eta));
    } else {
        std::for_each_n(extra.stages, extra.stage_count, add_stage);
        add(llama_sampler_init_dist(options.seed));
    }
    std::for_each_n(extra.history, extra.history_count, [&](int32_t token) {
        if (token >= 0 && token < size) { accept(token); }
    });
}

int32_t cl::sampler_chain::choose(const float * logits, size_t count) {
    // llama.cpp's samplers sort and divide: what is no finite number is left out, and stands for nothing.
    candidates.clear();
    for (size_t token = 0; token < count; ++token) {
        if (std::isfinite(logits[token])) { candidates.push_back({(llama_token) token, logits[token], 0.0f}); }
    }
    if (candidates.empty()) { return CL_NO_LOGITS; }
    // Mirostat divides by how many there are beside the first.
    if (candidates.size() == 1) {
        candidates[0].p = 1;
        return candidates[0].id;
    }
    llama_token_data_array array = {candidates.data(), candidates.size(), -1, false};
    llama_sampler_apply(chain.get(), &array);
    const bool has_chosen = array.selected >= 0 && (size_t) array.selected < array.size;
    const int32_t token = has_chosen ? array.data[array.selected].id : (int32_t) CL_NO_LOGITS;
    // Samplers cut the array in place.
    candidates.resize(array.size);
    return token;
}
