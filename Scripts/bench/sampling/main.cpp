// What choosing tokens costs beside the step that computes their logits: llama.cpp's chain of samplers against this
// server's, at batch 16.
//
// usage: SamplingBench MODEL.gguf [ROUNDS]
//
// In each round and for each case, first one side and then the other: a decode of one token of 16 sequences, and the choice
// of 16 tokens. The chains choose one after another, as llama.cpp has them do. With the model's own logits, and with rows
// of 152k: those logits, and below them the same again, 3 lower and with noise. Prints medians in microseconds, the choice
// as a share of the decode, and the decode that follows a choice by either side.

#include "CLlama.h"
#include "CLlamaReference.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr int32_t sequences = 16;
constexpr int32_t prompt_length = 64;
constexpr size_t large_vocabulary = 151936;

const char * const prompts[sequences] = {
    "The capital of France is", "Once upon a time, in a village by the sea, there lived", "def fibonacci(n):\n    ",
    "Dear Sir or Madam, I am writing to", "The three laws of thermodynamics are: first,", "Das Wetter heute ist",
    "1, 2, 3, 4, 5,", "My favourite animal is", "To boil an egg,", "In 1969, the first", "The sky is blue because",
    "\"I don't know,\" she said, \"but", "SELECT name FROM users WHERE", "The recipe calls for two cups of",
    "Breaking news:", "She opened the door and saw",
};

// What the prompts follow.
const char * const before =
    "The market opens at seven in the morning, when the farmers from the valley put up their tables along the river. "
    "There is bread, honey, cheese of three kinds, and in the autumn more apples than anybody can carry home. Children "
    "run between the stalls until somebody calls them back. At noon the bells ring, and most people go to eat.\n\n";

void require(cl_status status) {
    if (status == CL_OK) { return; }
    std::fprintf(stderr, "error: %s\n", cl_last_error());
    std::exit(1);
}

double microseconds(const std::function<void()> & work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

// Sixteen sequences with something in them, and the same next step of all again and again.
class decoder {
public:
    explicit decoder(const char * path) : threads(cl_best_thread_count()) {
        require(cl_model_load(path, {false, 0, nullptr, nullptr}, &model));
        cl_vocabulary_info info;
        require(cl_vocabulary_get_info(model, &info));
        vocabulary_size = info.size;
        cl_context_options options = {};
        options.context_length = 256;
        options.sequences = sequences;
        options.batch_tokens = 512;
        options.threads = (uint32_t) threads;
        require(cl_context_create(model, options, &context));
        for (int32_t sequence = 0; sequence < sequences; ++sequence) {
            const std::string text = std::string(before) + prompts[sequence];
            cl_tokens tokens;
            require(cl_tokenize(model, text.data(), text.size(), true, false, &tokens));
            if (tokens.count < prompt_length) { std::exit(1); }
            const int32_t * begin = tokens.ids + tokens.count - prompt_length;
            cl_batch_clear(context);
            int32_t index;
            for (int32_t place = 0; place < prompt_length; ++place) {
                require(cl_batch_add(context, begin[place], place, sequence, false, &index));
            }
            last.push_back(begin[prompt_length - 1]);
            cl_tokens_free(tokens);
            decode();
        }
    }

    void step() {
        cl_batch_clear(context);
        indices.resize(sequences);
        for (int32_t sequence = 0; sequence < sequences; ++sequence) {
            require(cl_memory_cut(context, sequence, prompt_length - 1));
            require(cl_batch_add(context, last[sequence], prompt_length - 1, sequence, true, &indices[sequence]));
        }
        decode();
    }

    cl_model * model = nullptr;
    cl_context * context = nullptr;
    std::vector<int32_t> indices;
    size_t vocabulary_size = 0;
    int32_t threads;

private:
    void decode() {
        cl_decode_outcome outcome;
        require(cl_context_decode(context, &outcome));
        if (outcome != CL_DECODED) { std::exit(1); }
    }

    std::vector<int32_t> last;
};

struct test_case {
    const char * name;
    cl_sampler_options options;
};

cl_sampler_options with(std::function<void(cl_sampler_options &)> change) {
    cl_sampler_options options = {1, 0, 1, 0, 0, 0, 1, false, 4096, nullptr, 0};
    change(options);
    return options;
}

const std::vector<test_case> cases = {
    {"greedy", with([](auto & o) { o.temperature = 0; })},
    {"temperature 1", with([](auto &) {})},
    {"top-k 40", with([](auto & o) { o.top_k = 40; })},
    {"top-p 0.95", with([](auto & o) { o.top_p = 0.95f; })},
    {"min-p 0.05", with([](auto & o) { o.min_p = 0.05f; })},
    {"top-k 40, top-p 0.95, min-p 0.05",
     with([](auto & o) { o.top_k = 40, o.top_p = 0.95f, o.min_p = 0.05f; })},
    {"penalties, temperature 1", with([](auto & o) { o.presence_penalty = 0.5f, o.frequency_penalty = 0.5f; })},
};

void measure(decoder & decoder, const test_case & test, size_t row_length, int rounds) {
    std::vector<cl_sampler *> samplers(sequences);
    std::vector<reference_chain *> chains(sequences);
    for (int32_t sequence = 0; sequence < sequences; ++sequence) {
        require(cl_sampler_create(decoder.model, test.options, &samplers[sequence]));
        chains[sequence] = reference_chain_create(&test.options, row_length);
    }
    decoder.step();
    // What the model computed, made longer.
    std::vector<float> rows(sequences * row_length);
    std::vector<float *> places(sequences);
    std::mt19937 random(1);
    std::normal_distribution<float> noise(0, 0.5f);
    for (int32_t sequence = 0; sequence < sequences; ++sequence) {
        const float * logits = cl_context_logits(decoder.context, decoder.indices[sequence]);
        float * row = places[sequence] = &rows[sequence * row_length];
        for (size_t token = 0; token < row_length; ++token) {
            const bool is_own = token < decoder.vocabulary_size;
            row[token] = logits[token % decoder.vocabulary_size] + (is_own ? 0 : noise(random) - 3);
        }
    }
    std::vector<cl_sample> samples(sequences);
    const auto choose = [&] {
        require(
            row_length == decoder.vocabulary_size
                ? cl_sampler_sample_all(
                      decoder.context, samplers.data(), decoder.indices.data(), sequences, samples.data())
                : cl_sampler_choose_all(
                      samplers.data(), places.data(), row_length, sequences, decoder.threads, samples.data()));
    };
    const auto choose_by_chains = [&] {
        for (int32_t sequence = 0; sequence < sequences; ++sequence) {
            const float * row = row_length == decoder.vocabulary_size
                                    ? cl_context_logits(decoder.context, decoder.indices[sequence])
                                    : places[sequence];
            reference_chain_choose(chains[sequence], row, nullptr);
        }
    };
    // An answer behind them, for the penalties.
    for (int answer = 0; answer < 100; ++answer) { choose(), choose_by_chains(); }

    std::vector<double> steps, ours, theirs, steps_after_ours, steps_after_theirs;
    for (int round = 0; round < rounds; ++round) {
        for (const bool is_ours : {round % 2 == 0, round % 2 != 0}) {
            steps.push_back(microseconds([&] { decoder.step(); }));
            (is_ours ? ours : theirs).push_back(is_ours ? microseconds(choose) : microseconds(choose_by_chains));
            (is_ours ? steps_after_ours : steps_after_theirs).push_back(microseconds([&] { decoder.step(); }));
        }
    }
    const double step = median(steps);
    std::printf(
        "| %zu | %s | %.0f | %.0f | %.1f | %.1f%% | %.2f%% | %.2f |\n", row_length, test.name, median(theirs),
        median(ours), median(theirs) / median(ours), 100 * median(theirs) / step, 100 * median(ours) / step,
        median(steps_after_ours) / median(steps_after_theirs));
    std::fflush(stdout);
    for (cl_sampler * sampler : samplers) { cl_sampler_free(sampler); }
    for (reference_chain * chain : chains) { reference_chain_free(chain); }
}

} // namespace

int main(int count, char ** arguments) {
    if (count < 2 || count > 3) {
        std::fprintf(stderr, "usage: SamplingBench MODEL.gguf [ROUNDS]\n");
        return 2;
    }
    const int rounds = count == 3 ? std::atoi(arguments[2]) : 15;
    if (rounds < 1) { return 2; }
    cl_runtime_start([](int32_t, const char *, void *) {}, nullptr, false);
    decoder decoder(arguments[1]);
    decoder.step();
    std::vector<double> steps;
    for (int round = 0; round < rounds; ++round) { steps.push_back(microseconds([&] { decoder.step(); })); }
    std::printf("A step of %d sequences: %.0f us, on %d threads.\n\n", sequences, median(steps), decoder.threads);
    std::printf("| vocabulary | | chain, us | here, us | ratio | chain, of the step | here, of the step | next step |\n");
    std::printf("|---|---|---|---|---|---|---|---|\n");
    for (const size_t row_length : {decoder.vocabulary_size, large_vocabulary}) {
        for (const test_case & test : cases) { measure(decoder, test, row_length, rounds); }
    }
    cl_context_free(decoder.context);
    cl_model_free(decoder.model);
}
