#include "CLlamaReference.h"

#include "llama.h"

#include <cmath>
#include <cstring>
#include <vector>

int32_t reference_greedy(
    const char * model_path, const char * text, int32_t threads, int32_t count, int32_t * tokens, float * margins) {
    llama_model * model = llama_model_load_from_file(model_path, llama_model_default_params());
    if (model == nullptr) { return -1; }
    const llama_vocab * vocabulary = llama_model_get_vocab(model);
    std::vector<llama_token> prompt(std::strlen(text) + 8);
    const int32_t length = llama_tokenize(
        vocabulary, text, (int32_t) std::strlen(text), prompt.data(), (int32_t) prompt.size(), true, true);
    if (length <= 0) { return -2; }
    prompt.resize(length);

    llama_context_params params = llama_context_default_params();
    params.n_ctx = length + count + 1;
    params.n_batch = length;
    params.n_threads = threads;
    params.n_threads_batch = threads;
    llama_context * context = llama_init_from_model(model, params);
    if (context == nullptr) { return -3; }

    int32_t produced = 0;
    llama_batch batch = llama_batch_get_one(prompt.data(), length);
    llama_token next = 0;
    while (produced < count) {
        if (llama_decode(context, batch) != 0) { return -4; }
        const float * logits = llama_get_logits_ith(context, -1);
        int32_t best = 0;
        for (int32_t id = 1; id < llama_vocab_n_tokens(vocabulary); ++id) {
            if (logits[id] > logits[best]) { best = id; }
        }
        float second = -INFINITY;
        for (int32_t id = 0; id < llama_vocab_n_tokens(vocabulary); ++id) {
            if (id != best && logits[id] > second) { second = logits[id]; }
        }
        if (llama_vocab_is_eog(vocabulary, best)) { break; }
        tokens[produced] = best;
        margins[produced] = logits[best] - second;
        produced += 1;
        next = best;
        batch = llama_batch_get_one(&next, 1);
    }
    llama_free(context);
    llama_model_free(model);
    return produced;
}
