#include "cl_sampler.h"

#include "boundary.h"
#include "context.h"
#include "model.h"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

struct cl_sampler {
    const llama_vocab * vocabulary;
    llama_sampler * chain;
};

namespace {

struct sampler_deleter {
    void operator()(cl_sampler * sampler) const {
        llama_sampler_free(sampler->chain);
        delete sampler;
    }
};

void add_biases(llama_sampler * chain, const llama_vocab * vocabulary, const cl_sampler_options & options) {
    const int32_t size = llama_vocab_n_tokens(vocabulary);
    std::vector<llama_logit_bias> biases;
    for (size_t index = 0; index < options.bias_count; ++index) {
        biases.push_back({options.biases[index].token, options.biases[index].bias});
    }
    if (options.ignores_end) {
        for (llama_token token = 0; token < size; ++token) {
            if (llama_vocab_is_eog(vocabulary, token)) { biases.push_back({token, -INFINITY}); }
        }
    }
    if (!biases.empty()) {
        llama_sampler_chain_add(chain, llama_sampler_init_logit_bias(size, (int32_t) biases.size(), biases.data()));
    }
}

} // namespace

// The order is that of llama.cpp's common library: biases, penalties, top-k, top-p, min-p, temperature, choice.
cl_status cl_sampler_create(const cl_model * model, cl_sampler_options options, cl_sampler ** sampler) {
    return cl::guarded([&] {
        const llama_vocab * vocabulary = model->vocabulary();
        for (size_t index = 0; index < options.bias_count; ++index) {
            const int32_t token = options.biases[index].token;
            if (token < 0 || token >= llama_vocab_n_tokens(vocabulary)) {
                return cl::fail(CL_INVALID_ARGUMENT, "the vocabulary has no token " + std::to_string(token));
            }
        }
        llama_sampler_chain_params params = llama_sampler_chain_default_params();
        params.no_perf = true;
        std::unique_ptr<cl_sampler, sampler_deleter> holder(
            new cl_sampler{vocabulary, llama_sampler_chain_init(params)});
        llama_sampler * chain = holder->chain;

        add_biases(chain, vocabulary, options);
        if (options.presence_penalty != 0 || options.frequency_penalty != 0) {
            llama_sampler_chain_add(
                chain,
                llama_sampler_init_penalties(
                    llama_vocab_n_tokens(vocabulary), (int32_t) options.penalty_window, 1.0f, options.frequency_penalty, options.presence_penalty));
        }
        // Below this, logits divided by the temperature leave float's range.
        if (options.temperature < 1e-5f) {
            llama_sampler_chain_add(chain, llama_sampler_init_greedy());
        } else {
            if (options.top_k > 0) { llama_sampler_chain_add(chain, llama_sampler_init_top_k(options.top_k)); }
            if (options.top_p < 1) { llama_sampler_chain_add(chain, llama_sampler_init_top_p(options.top_p, 1)); }
            if (options.min_p > 0) { llama_sampler_chain_add(chain, llama_sampler_init_min_p(options.min_p, 1)); }
            llama_sampler_chain_add(chain, llama_sampler_init_temp(options.temperature));
            llama_sampler_chain_add(chain, llama_sampler_init_dist(options.seed));
        }
        *sampler = holder.release();
        return CL_OK;
    });
}

void cl_sampler_free(cl_sampler * sampler) {
    sampler_deleter{}(sampler);
}

cl_status cl_sampler_sample(
    cl_sampler * sampler, cl_context * context, int32_t index, int32_t * token, bool * ends_generation) {
    return cl::guarded([&] {
        if (cl_context_logits(context, index) == nullptr) {
            return cl::fail(CL_INVALID_ARGUMENT, "the batch index has no logits");
        }
        *token = llama_sampler_sample(sampler->chain, context->handle, index);
        *ends_generation = llama_vocab_is_eog(sampler->vocabulary, *token);
        return CL_OK;
    });
}
