// whisper.cpp itself, with the few functions that need what its header hides. Its file is compiled here instead of being
// linked: its state is what a request computes in, and the header lends none of it.

#include "native.h"

#include "scores.h"
#include "spectrogram.h"

#include "ggml-backend.h"
#include "ggml.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

// whisper.cpp passes over the vocabulary a value at a time, and a quarter of a token's time goes there. These are nearer to its
// calls than its own functions of the same names, which take references to constants: so it calls these.
static void whisper_compute_logprobs(std::vector<float> & logits, int count, std::vector<float> & logprobs) {
    const float most = cw::largest(logits.data(), (size_t) count);
    const float shift = most == -INFINITY ? 0 : (float) log(cw::exponential_sum(logits.data(), (size_t) count, most)) + most;
    for (int index = 0; index < count; index++) { logprobs[(size_t) index] = logits[(size_t) index] - shift; }
}

static void whisper_compute_probs(
    std::vector<float> &, int count, std::vector<float> & logprobs, std::vector<float> & probs
) {
    cw::exponentials(logprobs.data(), (size_t) count, 0, probs.data());
}

// All that whisper.cpp has computed goes through here, which may know it already.
static ggml_status compute(ggml_backend_sched_t scheduler, ggml_cgraph * graph);

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#define ggml_backend_sched_graph_compute compute
#include "whisper.cpp"
#undef ggml_backend_sched_graph_compute
#pragma clang diagnostic pop

// Of this thread's run, where its window has been encoded already.
static thread_local const whisper_state * encoded = nullptr;

static ggml_status compute(ggml_backend_sched_t scheduler, ggml_cgraph * graph) {
    const bool is_known = encoded != nullptr
        && (scheduler == encoded->sched_conv.sched || scheduler == encoded->sched_encode.sched
            || scheduler == encoded->sched_cross.sched);
    return is_known ? GGML_STATUS_SUCCESS : ggml_backend_sched_graph_compute(scheduler, graph);
}

namespace cw {

whisper_context * make_face(const whisper_context * context, const whisper_context_params & params) {
    auto * face = new whisper_context(*context);
    face->params = params;
    face->state = nullptr;
    return face;
}

void free_face(whisper_context * face) { delete face; }

const std::string & token_text(const whisper_context * context, whisper_token token) {
    static const std::string none;
    const auto found = context->vocab.id_to_token.find(token);
    return found == context->vocab.id_to_token.end() ? none : found->second;
}

bool has_text(const whisper_context * context, const char * text) {
    return context->vocab.token_to_id.count(text) > 0;
}

void set_audio_context(whisper_state * state, int positions) { state->exp_n_audio_ctx = positions; }

int audio_context(const whisper_context * context, const whisper_state * state) {
    return state->exp_n_audio_ctx > 0 ? state->exp_n_audio_ctx : context->model.hparams.n_audio_ctx;
}

void keep_encoding(const whisper_state * state) { encoded = state; }

whisper_state * make_state(whisper_context * context) {
    whisper_state * state = whisper_init_state(context);
    // What its memory was measured with is no prompt.
    if (state != nullptr) { state->batch.n_tokens = 0; }
    return state;
}

void clear(whisper_state * state) {
    state->decoders[0].rng = std::mt19937(0);
    state->mel = {};
}

void clear_padding(const whisper_context * context, whisper_state * state) {
    if (!context->params.flash_attn) { return; }
    const int used = audio_context(context, state), padded = GGML_PAD(used, 256);
    if (used == padded) { return; }
    const auto clear = [&](const whisper_kv_cache & cache, int layers, int width) {
        for (ggml_tensor * tensor : {cache.k, cache.v}) {
            const size_t row = ggml_element_size(tensor) * (size_t) width;
            for (int layer = 0; layer < layers; layer++) {
                ggml_backend_tensor_memset(
                    tensor, 0, row * ((size_t) layer * padded + used), row * (size_t) (padded - used));
            }
        }
    };
    const whisper_hparams & sizes = context->model.hparams;
    clear(state->kv_pad, 1, sizes.n_audio_state);
    clear(state->kv_cross, sizes.n_text_layer, sizes.n_text_state);
}

bool compute_spectrogram(
    whisper_context * context, whisper_state * state, const float * samples, size_t count, int threads,
    const std::function<bool()> & may_go_on
) {
    const whisper_filters & filters = context->model.filters;
    spectrogram found;
    if (!compute(found, {filters.n_mel, filters.data.data()}, samples, count, threads, may_go_on)) { return false; }
    whisper_mel & mel = state->mel;
    mel.n_mel = filters.n_mel;
    mel.n_len = found.length;
    mel.n_len_org = 1 + ((int) count + WHISPER_N_FFT / 2 - WHISPER_N_FFT) / WHISPER_HOP_LENGTH;
    mel.data = std::move(found.data);
    return true;
}

int mel_length(const whisper_state * state) { return state->mel.n_len_org; }

int fallback_count(const whisper_state * state) { return state->n_fail_p; }

void watch(whisper_state * state, ggml_abort_callback callback, void * data) {
    for (ggml_backend_t backend : state->backends) {
        if (ggml_backend_is_cpu(backend)) { ggml_backend_cpu_set_abort_callback(backend, callback, data); }
    }
}

void keep_first_scores(const whisper_context * context, whisper_state * state) {
    whisper_batch & batch = state->batch;
    if (batch.n_tokens > 1 && batch.token[0] == context->vocab.token_sot) { batch.logits[0] = 1; }
}

void fill_first_scores(whisper_context * context, whisper_state * state, int threads, std::vector<float> & kept) {
    whisper_batch & batch = state->batch;
    if (batch.n_tokens < 2 || batch.logits[0] != 0) { return; }
    if (kept.empty()) {
        // A sequence that no decoder has: the prompt's stays as it is.
        const whisper_seq_id sequence = 4 * WHISPER_MAX_DECODERS;
        const auto prompt = std::make_tuple(batch.n_tokens, batch.token[0], batch.pos[0], batch.seq_id[0][0]);
        std::vector<float> scores = std::move(state->logits);
        const whisper_token start = whisper_token_sot(context);
        whisper_batch_prep_legacy(batch, &start, 1, 0, sequence);
        if (whisper_decode_internal(*context, *state, batch, threads, false, nullptr, nullptr)) { kept = state->logits; }
        whisper_kv_cache_seq_rm(state->kv_self, sequence, -1, -1);
        std::tie(batch.n_tokens, batch.token[0], batch.pos[0], batch.seq_id[0][0]) = prompt;
        batch.logits[0] = 0;
        state->logits = std::move(scores);
    }
    std::copy_n(kept.begin(), std::min(kept.size(), state->logits.size()), state->logits.begin());
}

bool read_attention(
    whisper_context * face, whisper_state * state, const std::vector<whisper_token> & tokens, int threads,
    std::vector<float> & weights, int & positions, int & heads
) {
    const int count = (int) tokens.size();
    if (count == 0 || count > face->model.hparams.n_text_ctx || count > (int) state->kv_self.size) { return false; }
    whisper_kv_cache_clear(state->kv_self);
    whisper_batch_prep_legacy(state->batch, tokens.data(), count, 0, 0);
    state->aheads_cross_QKs = nullptr;
    if (!whisper_decode_internal(*face, *state, state->batch, threads, true, nullptr, nullptr)) { return false; }
    const ggml_tensor * attention = state->aheads_cross_QKs;
    positions = audio_context(face, state);
    if (attention == nullptr || attention->type != GGML_TYPE_F32 || !ggml_is_contiguous(attention)
        || attention->ne[0] != count || attention->ne[1] != positions) { return false; }
    heads = (int) attention->ne[2];
    weights.resize((size_t) count * positions * heads);
    ggml_backend_tensor_get(attention, weights.data(), 0, weights.size() * sizeof(float));
    return true;
}

whisper_vad_segments * vad_segments(
    whisper_vad_context * context, const std::vector<float> & probabilities, const whisper_vad_params & params
) {
    context->probs = probabilities;
    return whisper_vad_segments_from_probs(context, params);
}

} // namespace cw
