#include "probabilities.h"

#include "boundary.h"
#include "context.h"
#include "ggml_threads.h"
#include "model.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

size_t cl::find_probabilities(
    const logit_row & row, int32_t token, candidate_set & candidates, float * logprob, cl_token_logprob * top,
    size_t places, float scale) {
    thread_local std::vector<float> masses;
    const double all = block_masses(row, scale, masses);
    // No number among the logits: nothing is likely.
    const double shift = all > 0 ? (double) row.max() * scale + std::log(all) : std::numeric_limits<double>::infinity();
    const auto logarithm = [&](float logit) {
        return std::isnan(logit) ? -INFINITY : (float) ((double) logit * scale - shift);
    };
    const bool is_known = token >= 0 && (size_t) token < row.count();
    *logprob = is_known ? logarithm(row.logits()[token]) : -INFINITY;
    const size_t count = std::min(places, row.count());
    if (count == 0) { return 0; }
    thread_local std::vector<candidate_set::candidate> likeliest;
    candidates.take_top_k(row, count);
    candidates.sort_into(likeliest);
    for (size_t place = 0; place < likeliest.size(); ++place) {
        top[place] = {likeliest[place].token, logarithm(likeliest[place].logit)};
    }
    return likeliest.size();
}

cl_status cl_context_score(
    cl_context * context, const int32_t * indices, const int32_t * targets, size_t count, size_t places,
    float * logprobs, cl_token_logprob * top, size_t * top_count) {
    return cl::guarded([&] {
        std::vector<const float *> rows(count);
        for (size_t index = 0; index < count; ++index) {
            rows[index] = cl_context_logits(context, indices[index]);
            if (rows[index] == nullptr) { return cl::fail(CL_INVALID_ARGUMENT, "the batch index has no logits"); }
        }
        const size_t length = llama_vocab_n_tokens(context->model->vocabulary());
        std::atomic<bool> lacks_memory{false};
        cl::for_each_on_ggml_threads(
            count, count < 8 ? 1 : (int) llama_n_threads_batch(context->handle), [&](size_t index) {
                try {
                    thread_local std::vector<float> maxima;
                    thread_local cl::candidate_set candidates;
                    const cl::logit_row row(rows[index], length, maxima);
                    top_count[index] = cl::find_probabilities(
                        row, targets[index], candidates, &logprobs[index], top + index * places, places);
                } catch (const std::exception &) { // of memory alone
                    lacks_memory = true;
                }
            });
        if (lacks_memory) { throw std::bad_alloc(); }
        return CL_OK;
    });
}
