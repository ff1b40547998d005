#include "CLlamaReference.h"

#include "llama.h"

#include <vector>

struct reference_grammar {
    llama_model * model;
    llama_sampler * sampler;
};

reference_grammar * reference_grammar_create(const char * model_path, const char * rules) {
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    llama_model * model = llama_model_load_from_file(model_path, params);
    if (model == nullptr) { return nullptr; }
    llama_sampler * sampler = llama_sampler_init_grammar(llama_model_get_vocab(model), rules, "root");
    return new reference_grammar{model, sampler};
}

bool reference_grammar_exists(const reference_grammar * grammar) {
    return grammar->sampler != nullptr;
}

void reference_grammar_free(reference_grammar * grammar) {
    if (grammar->sampler != nullptr) { llama_sampler_free(grammar->sampler); }
    llama_model_free(grammar->model);
    delete grammar;
}

void reference_grammar_allowed(reference_grammar * grammar, bool * allowed) {
    const int32_t count = llama_vocab_n_tokens(llama_model_get_vocab(grammar->model));
    std::vector<llama_token_data> candidates;
    for (int32_t token = 0; token < count; ++token) { candidates.push_back({token, 1.0f, 0.0f}); }
    llama_token_data_array array = {candidates.data(), candidates.size(), -1, false};
    llama_sampler_apply(grammar->sampler, &array);
    for (int32_t token = 0; token < count; ++token) { allowed[token] = candidates[token].logit > 0; }
}

void reference_grammar_accept(reference_grammar * grammar, int32_t token) {
    llama_sampler_accept(grammar->sampler, token);
}
