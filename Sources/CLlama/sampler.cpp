#include "cl_sampler.h"

#include "boundary.h"
#include "candidates.h"
#include "context.h"
#include "grammar.h"
#include "ggml_threads.h"
#include "logit_rows.h"
#include "model.h"
#include "penalties.h"
#include "probabilities.h"
#include "sampler_chain.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

struct cl_sampler {
    const llama_vocab * vocabulary;
    cl_sampler_options options; // without the biases
    std::vector<cl_logit_bias> biases;
    cl::recent_tokens recent;
    std::mt19937 random;
    std::optional<cl::answer_grammar> grammar = {};
    std::shared_ptr<const cl::vocabulary_text> text = {}; // where there is a grammar
    std::optional<cl::sampler_chain> chain = {};
    // Of the last choice, where they are asked for.
    float logprob = NAN;
    std::vector<cl_token_logprob> top = {};

    bool is_greedy() const {
        // Below this, logits divided by the temperature leave float's range.
        return options.temperature < 1e-5f;
    }

    bool has_penalties() const { return options.presence_penalty != 0 || options.frequency_penalty != 0; }

    // From [0, 1), by 53 random bits.
    double next_point() {
        const uint64_t high = random() >> 5;
        const uint64_t low = random() >> 6;
        return (double) (high << 26 | low) * 0x1p-53;
    }
};

namespace {

// What a thread needs to choose; kept from one choice to the next.
struct workspace {
    std::vector<float> block_maxima;
    std::vector<float> originals;
    std::vector<float> allowed; // logits, -inf where a grammar refuses
    cl::candidate_set candidates;
};

// The few logits of a row that biases and penalties concern, changed for as long as this lives: cheaper than a copy of the
// row.
class adjusted_logits {
public:
    adjusted_logits(float * logits, size_t count, const cl_sampler & sampler, std::vector<float> & originals)
        : logits(logits), count(count), sampler(sampler), originals(originals) {
        originals.clear();
        // Before the first change, so that none is left half done.
        originals.reserve(sampler.biases.size() + sampler.recent.counts().size());
        for (const cl_logit_bias & bias : sampler.biases) { add(bias.token, bias.bias); }
        for (const auto & entry : sampler.recent.counts()) {
            add(entry.token,
                -((float) entry.count * sampler.options.frequency_penalty + sampler.options.presence_penalty));
        }
    }

    // In reverse, since a token may have been changed more than once.
    ~adjusted_logits() {
        const auto & counts = sampler.recent.counts();
        for (auto entry = counts.rbegin(); entry != counts.rend(); ++entry) { restore(entry->token); }
        for (auto bias = sampler.biases.rbegin(); bias != sampler.biases.rend(); ++bias) { restore(bias->token); }
    }

    adjusted_logits(const adjusted_logits &) = delete;
    adjusted_logits & operator=(const adjusted_logits &) = delete;

private:
    void add(int32_t token, float change) {
        if ((size_t) token >= count) { return; }
        originals.push_back(logits[token]);
        logits[token] += change;
    }

    void restore(int32_t token) {
        if ((size_t) token >= count) { return; }
        logits[token] = originals.back();
        originals.pop_back();
    }

    float * logits;
    size_t count;
    const cl_sampler & sampler;
    std::vector<float> & originals;
};

void note_probabilities(
    cl_sampler & sampler, const cl::logit_row & row, int32_t token, cl::candidate_set & candidates, float scale) {
    sampler.top.resize(std::min<size_t>(sampler.options.top_logprobs, row.count()));
    const size_t places = cl::find_probabilities(
        row, token, candidates, &sampler.logprob, sampler.top.data(), sampler.top.size(), scale);
    sampler.top.resize(places);
    // Behind those that can be drawn at all come no others.
    if (sampler.options.tells_drawn) {
        while (!sampler.top.empty() && sampler.top.back().logprob == -INFINITY) { sampler.top.pop_back(); }
    }
}

// Takes down what a token was drawn from, where that is to be told: a collection that `tell` fills.
template <typename Tell> void note_drawn(cl_sampler & sampler, int32_t token, Tell tell) {
    if (!sampler.options.tells_drawn) { return; }
    thread_local std::vector<cl::candidate_set::candidate> told;
    told.clear();
    tell(told);
    const size_t places = std::min<size_t>(sampler.options.top_logprobs, told.size());
    std::partial_sort(
        told.begin(), told.begin() + (ptrdiff_t) places, told.end(),
        [](const cl::candidate_set::candidate & left, const cl::candidate_set::candidate & right) {
            return left.logit > right.logit || (left.logit == right.logit && left.token < right.token);
        });
    sampler.logprob = -INFINITY;
    for (const auto & entry : told) {
        if (entry.token == token) { sampler.logprob = entry.logit; }
    }
    sampler.top.clear();
    for (size_t place = 0; place < places; ++place) { sampler.top.push_back({told[place].token, told[place].logit}); }
}

// The same of the one token that there was.
int32_t note_only(cl_sampler & sampler, int32_t token) {
    note_drawn(sampler, token, [&](std::vector<cl::candidate_set::candidate> & told) { told.push_back({token, 0}); });
    return token;
}

// Chooses from logits that biases and penalties have changed already.
int32_t choose_freely(cl_sampler & sampler, const float * logits, size_t count, workspace & space) {
    const cl_sampler_options & options = sampler.options;
    const cl::logit_row row(logits, count, space.block_maxima);
    if (row.max() == -INFINITY) { return CL_NO_LOGITS; }
    // Beside an infinite logit no other weighs anything.
    if (sampler.chain && row.max() < INFINITY) {
        const int32_t token = sampler.chain->choose(logits, count);
        note_drawn(sampler, token, [&](std::vector<cl::candidate_set::candidate> & told) {
            for (const llama_token_data & entry : sampler.chain->drawn_from()) {
                if (entry.p > 0) { told.push_back({entry.id, std::log(entry.p)}); }
            }
        });
        return token;
    }
    if (sampler.is_greedy()) { return note_only(sampler, (int32_t) row.first_max()); }

    const double point = sampler.next_point();
    // Beside an infinite logit no other weighs anything.
    if (row.max() == INFINITY) { return note_only(sampler, (int32_t) row.first_max()); }
    const bool has_top_k = options.top_k > 0 && (size_t) options.top_k < count;
    const bool has_top_p = options.top_p < 1;
    const bool has_min_p = options.min_p > 0;
    cl::candidate_set & candidates = space.candidates;
    if (has_top_k) {
        candidates.take_top_k(row, options.top_k);
        if (has_top_p) { candidates.keep_top_p(options.top_p); }
    } else if (has_top_p) {
        candidates.take_top_p(row, options.top_p);
    } else if (has_min_p) {
        candidates.take_min_p(row, options.min_p);
    } else {
        const int32_t token = cl::choose_from_all(row, options.temperature, point);
        if (options.tells_drawn) { note_probabilities(sampler, row, token, candidates, 1 / options.temperature); }
        return token;
    }
    if (has_min_p) { candidates.keep_min_p(options.min_p); }
    const int32_t token = candidates.choose(options.temperature, point);
    note_drawn(sampler, token, [&](std::vector<cl::candidate_set::candidate> & told) {
        candidates.tell(options.temperature, told);
    });
    return token;
}

// The first token that ends a generation, where the grammar has nothing but the end before it.
int32_t end_of(const cl_sampler & sampler) {
    const auto & ends = sampler.text->ends();
    return sampler.grammar->may_end() && !ends.empty() ? ends.front() : (int32_t) CL_NO_GRAMMAR;
}

// Chooses once more, from what the grammar allows.
int32_t choose_allowed(cl_sampler & sampler, const float * logits, size_t count, workspace & space) {
    const auto & mask = sampler.grammar->allowed();
    space.allowed.assign(count, -INFINITY);
    for (size_t word = 0; word < mask.size(); ++word) {
        for (uint64_t bits = mask[word]; bits != 0; bits &= bits - 1) {
            const size_t token = word * 64 + (size_t) __builtin_ctzll(bits);
            if (token < count) { space.allowed[token] = logits[token]; }
        }
    }
    const int32_t token = choose_freely(sampler, space.allowed.data(), count, space);
    return token < 0 ? note_only(sampler, end_of(sampler)) : token;
}

int32_t choose(cl_sampler & sampler, float * logits, size_t count) {
    thread_local workspace space;
    const adjusted_logits adjusted(logits, count, sampler, space.originals);
    if (!sampler.grammar || sampler.grammar->is_free()) { return choose_freely(sampler, logits, count, space); }
    try {
        // Most choices are of the grammar by themselves. To tell what one was drawn from takes all that the grammar allows.
        if (!sampler.options.tells_drawn) {
            const int32_t token = choose_freely(sampler, logits, count, space);
            if (token < 0 || sampler.grammar->allows(token)) { return token; }
        }
        return choose_allowed(sampler, logits, count, space);
    } catch (const cl::grammar_overflow &) {
        return CL_NO_GRAMMAR;
    }
}

// Whether the grammar can be followed on.
bool accept(cl_sampler & sampler, int32_t token) {
    if (!sampler.grammar) { return true; }
    try {
        return sampler.grammar->accept(token, sampler.text->bytes(token));
    } catch (const cl::grammar_overflow &) {
        return false;
    }
}

void note_probabilities(cl_sampler & sampler, const float * logits, size_t count, int32_t token) {
    thread_local workspace space;
    note_probabilities(sampler, cl::logit_row(logits, count, space.block_maxima), token, space.candidates, 1);
}

cl_sample sample(cl_sampler & sampler, float * logits, size_t count) {
    const int32_t token = choose(sampler, logits, count);
    if (token < 0) { return {token, false}; }
    if (sampler.options.tells_probabilities && !sampler.options.tells_drawn) {
        note_probabilities(sampler, logits, count, token);
    }
    if (!accept(sampler, token)) { return {CL_NO_GRAMMAR, false}; }
    if (sampler.has_penalties()) { sampler.recent.add(token); }
    if (sampler.chain) { sampler.chain->accept(token); }
    const bool is_known = token < llama_vocab_n_tokens(sampler.vocabulary);
    return {token, is_known && llama_vocab_is_eog(sampler.vocabulary, token)};
}

template <typename Element> bool has_repetition(std::vector<Element> elements) {
    std::sort(elements.begin(), elements.end());
    return std::adjacent_find(elements.begin(), elements.end()) != elements.end();
}

// What choosing costs, in logits that are read once.
size_t cost(const cl_sampler & sampler, size_t row_length) {
    const size_t choice = sampler.chain ? 32 * row_length : sampler.is_greedy() ? row_length : 4 * row_length;
    return sampler.options.tells_probabilities ? choice + 4 * row_length : choice;
}

// Below this, about a millisecond, waiting for a thread that has lost its core to another program may take longer than it
// saves.
constexpr size_t least_shared_cost = 1 << 23;

cl_status sample_all(
    cl_sampler * const * samplers, float * const * rows, size_t row_length, size_t count, int threads,
    cl_sample * samples) {
    if (has_repetition(std::vector<const void *>(samplers, samplers + count)) ||
        has_repetition(std::vector<const void *>(rows, rows + count))) {
        return cl::fail(CL_INVALID_ARGUMENT, "a sampler or a row of logits comes twice");
    }
    size_t total = 0;
    for (size_t index = 0; index < count; ++index) { total += cost(*samplers[index], row_length); }
    std::atomic<bool> lacks_memory{false};
    cl::for_each_on_ggml_threads(count, total < least_shared_cost ? 1 : threads, [&](size_t index) {
        try {
            samples[index] = sample(*samplers[index], rows[index], row_length);
        } catch (const std::exception &) { // of memory alone
            lacks_memory = true;
        }
    });
    if (lacks_memory) { throw std::bad_alloc(); }
    return CL_OK;
}

} // namespace

cl_status cl_sampler_create(const cl_model * model, cl_sampler_options options, cl_sampler ** sampler) {
    return cl::guarded([&] {
        const llama_vocab * vocabulary = model->vocabulary();
        for (const float number : {options.temperature, options.top_p, options.min_p, options.presence_penalty,
                                   options.frequency_penalty}) {
            if (!std::isfinite(number)) {
                return cl::fail(CL_INVALID_ARGUMENT, "a sampling parameter is not a finite number");
            }
        }
        if (options.chain != nullptr) {
            const char * wrong = cl::what_is_wrong(*options.chain);
            if (wrong != nullptr) { return cl::fail(CL_INVALID_ARGUMENT, wrong); }
        }
        std::vector<cl_logit_bias> biases(options.biases, options.biases + options.bias_count);
        for (const cl_logit_bias & bias : biases) {
            if (bias.token < 0 || bias.token >= llama_vocab_n_tokens(vocabulary)) {
                return cl::fail(CL_INVALID_ARGUMENT, "the vocabulary has no token " + std::to_string(bias.token));
            }
            if (std::isnan(bias.bias)) { return cl::fail(CL_INVALID_ARGUMENT, "a bias is not a number"); }
        }
        if (options.ignores_end) {
            for (llama_token token = 0; token < llama_vocab_n_tokens(vocabulary); ++token) {
                if (llama_vocab_is_eog(vocabulary, token)) { biases.push_back({token, -INFINITY}); }
            }
        }
        const cl_grammar * grammar = options.grammar;
        const cl_chain_options * chain = options.chain;
        options.biases = nullptr;
        options.grammar = nullptr;
        options.chain = nullptr;
        std::unique_ptr<cl_sampler> holder(new cl_sampler{
            vocabulary, options, std::move(biases), cl::recent_tokens(options.penalty_window),
            std::mt19937(options.seed)});
        if (grammar != nullptr) {
            holder->grammar.emplace(grammar->answer());
            holder->text = grammar->vocabulary;
        }
        if (chain != nullptr) { holder->chain.emplace(vocabulary, model->dries, options, *chain); }
        *sampler = holder.release();
        return CL_OK;
    });
}

size_t cl_sampler_probabilities(const cl_sampler * sampler, float * chosen, const cl_token_logprob ** top) {
    *chosen = sampler->logprob;
    *top = sampler->top.data();
    return sampler->top.size();
}

void cl_sampler_free(cl_sampler * sampler) {
    delete sampler;
}

cl_status cl_sampler_sample_all(
    cl_context * context, cl_sampler * const * samplers, const int32_t * indices, size_t count, cl_sample * samples) {
    return cl::guarded([&] {
        std::vector<float *> rows(count);
        for (size_t index = 0; index < count; ++index) {
            // llama.h lends them for writing too.
            rows[index] = const_cast<float *>(cl_context_logits(context, indices[index]));
            if (rows[index] == nullptr) { return cl::fail(CL_INVALID_ARGUMENT, "the batch index has no logits"); }
        }
        const size_t row_length = llama_vocab_n_tokens(context->model->vocabulary());
        // Several rows come from a step of several tokens, which was computed on these.
        const int threads = llama_n_threads_batch(context->handle);
        return sample_all(samplers, rows.data(), row_length, count, threads, samples);
    });
}

cl_status cl_sampler_choose_all(
    cl_sampler * const * samplers, float * const * rows, size_t row_length, size_t count, uint32_t threads,
    cl_sample * samples) {
    return cl::guarded([&] {
        if (row_length == 0 || row_length > INT32_MAX || threads == 0 || threads > GGML_MAX_N_THREADS) {
            return cl::fail(CL_INVALID_ARGUMENT, "there are no logits, or no threads, or too many");
        }
        return sample_all(samplers, rows, row_length, count, (int) threads, samples);
    });
}
