#include "CLlamaReference.h"

#include "llama.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

int32_t reference_logits(
    const char * model_path, const char * text, int32_t threads, int32_t rows, size_t row_length, float * logits) {
    const std::unique_ptr<llama_model, decltype(&llama_model_free)> model(
        llama_model_load_from_file(model_path, llama_model_default_params()), llama_model_free);
    if (!model) { return -1; }
    const llama_vocab * vocabulary = llama_model_get_vocab(model.get());
    if (row_length != (size_t) llama_vocab_n_tokens(vocabulary)) { return -2; }
    std::vector<llama_token> tokens(std::strlen(text) + 8);
    const int32_t length = llama_tokenize(
        vocabulary, text, (int32_t) std::strlen(text), tokens.data(), (int32_t) tokens.size(), true, true);
    if (length < rows) { return -3; }

    llama_context_params params = llama_context_default_params();
    params.n_ctx = length;
    params.n_batch = length;
    params.n_threads = threads;
    params.n_threads_batch = threads;
    const std::unique_ptr<llama_context, decltype(&llama_free)> context(
        llama_init_from_model(model.get(), params), llama_free);
    if (!context) { return -4; }
    llama_batch batch = llama_batch_init(length, 0, 1);
    for (int32_t place = 0; place < length; ++place) {
        batch.token[place] = tokens[place];
        batch.pos[place] = place;
        batch.n_seq_id[place] = 1;
        batch.seq_id[place][0] = 0;
        batch.logits[place] = place >= length - rows;
    }
    batch.n_tokens = length;
    const int32_t code = llama_decode(context.get(), batch);
    llama_batch_free(batch);
    if (code != 0) { return -5; }
    for (int32_t row = 0; row < rows; ++row) {
        std::copy_n(llama_get_logits_ith(context.get(), length - rows + row), row_length, logits + row * row_length);
    }
    return rows;
}

struct reference_chain {
    llama_sampler * chain;
    std::vector<llama_token_data> candidates;
};

reference_chain * reference_chain_create(const cl_sampler_options * options, size_t vocabulary_size) {
    llama_sampler_chain_params params = llama_sampler_chain_default_params();
    params.no_perf = true;
    llama_sampler * chain = llama_sampler_chain_init(params);
    const auto add = [&](llama_sampler * sampler) { llama_sampler_chain_add(chain, sampler); };
    if (options->bias_count > 0) {
        std::vector<llama_logit_bias> biases;
        for (size_t index = 0; index < options->bias_count; ++index) {
            biases.push_back({options->biases[index].token, options->biases[index].bias});
        }
        add(llama_sampler_init_logit_bias((int32_t) vocabulary_size, (int32_t) biases.size(), biases.data()));
    }
    if (options->presence_penalty != 0 || options->frequency_penalty != 0) {
        add(llama_sampler_init_penalties(
            (int32_t) vocabulary_size, (int32_t) options->penalty_window, 1.0f, options->frequency_penalty,
            options->presence_penalty));
    }
    if (options->temperature < 1e-5f) {
        add(llama_sampler_init_greedy());
    } else {
        if (options->top_k > 0) { add(llama_sampler_init_top_k(options->top_k)); }
        if (options->top_p < 1) { add(llama_sampler_init_top_p(options->top_p, 1)); }
        if (options->min_p > 0) { add(llama_sampler_init_min_p(options->min_p, 1)); }
        add(llama_sampler_init_temp(options->temperature));
        add(llama_sampler_init_dist(options->seed));
    }
    return new reference_chain{chain, std::vector<llama_token_data>(vocabulary_size)};
}

void reference_chain_free(reference_chain * chain) {
    llama_sampler_free(chain->chain);
    delete chain;
}

void reference_chain_accept(reference_chain * chain, int32_t token) {
    llama_sampler_accept(chain->chain, token);
}

int32_t reference_chain_choose(reference_chain * chain, const float * logits, float * probabilities) {
    auto & candidates = chain->candidates;
    for (size_t token = 0; token < candidates.size(); ++token) {
        candidates[token] = {(llama_token) token, logits[token], 0};
    }
    llama_token_data_array array = {candidates.data(), candidates.size(), -1, false};
    llama_sampler_apply(chain->chain, &array);
    if (probabilities != nullptr) {
        std::fill_n(probabilities, candidates.size(), 0.0f);
        for (size_t place = 0; place < array.size; ++place) { probabilities[array.data[place].id] = array.data[place].p; }
    }
    const llama_token token = array.data[array.selected].id;
    llama_sampler_accept(chain->chain, token);
    return token;
}
