// whisper.cpp itself, with the few functions that need what its header hides. Its file is compiled here instead of being
// linked: its state is what a request computes in, and the header lends none of it.

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include "whisper.cpp"
#pragma clang diagnostic pop

#include "native.h"

#include <tuple>

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

void clear(whisper_state * state) {
    ggml_backend_buffer_clear(state->kv_cross.buffer, 0);
    ggml_backend_buffer_clear(state->kv_pad.buffer, 0);
    state->decoders[0].rng = std::mt19937(0);
}

bool compute_spectrogram(
    whisper_context * context, whisper_state * state, const float * samples, int count, int threads,
    const std::function<bool()> & may_go_on
) {
    constexpr int reflected = WHISPER_N_FFT / 2, part = 1000;
    const whisper_filters & filters = context->model.filters;
    const int used = count + reflected;
    std::vector<float> padded((size_t) count + WHISPER_SAMPLE_RATE * WHISPER_CHUNK_SIZE + 2 * reflected, 0.0f);
    std::reverse_copy(samples + 1, samples + 1 + reflected, padded.begin());
    std::copy(samples, samples + count, padded.begin() + reflected);
    whisper_mel & mel = state->mel;
    mel.n_mel = filters.n_mel;
    mel.n_len = ((int) padded.size() - WHISPER_N_FFT) / WHISPER_HOP_LENGTH;
    mel.n_len_org = 1 + (used - WHISPER_N_FFT) / WHISPER_HOP_LENGTH;
    mel.data.assign((size_t) mel.n_mel * mel.n_len, log10(1e-10));
    whisper_mel local = {};
    std::vector<float> sound;
    for (int first = 0; first < mel.n_len && used - first * WHISPER_HOP_LENGTH > 0; first += part) {
        if (!may_go_on()) { return false; }
        const int offset = first * WHISPER_HOP_LENGTH;
        local.n_mel = mel.n_mel;
        local.n_len = std::min(part, mel.n_len - first);
        local.data.resize((size_t) local.n_mel * local.n_len);
        sound.assign(
            padded.begin() + offset,
            padded.begin() + offset + (local.n_len - 1) * WHISPER_HOP_LENGTH + WHISPER_N_FFT);
        const auto work = [&](int index) {
            log_mel_spectrogram_worker_thread(
                index, global_cache.hann_window, sound, used - offset, WHISPER_N_FFT, WHISPER_HOP_LENGTH, threads,
                filters, local);
        };
        std::vector<std::thread> others;
        for (int index = 1; index < threads; index++) { others.emplace_back(work, index); }
        work(0);
        for (auto & other : others) { other.join(); }
        for (int band = 0; band < mel.n_mel; band++) {
            const auto begin = local.data.begin() + (size_t) band * local.n_len;
            std::copy(begin, begin + local.n_len, mel.data.begin() + (size_t) band * mel.n_len + first);
        }
    }
    double loudest = -1e20;
    for (const float value : mel.data) { loudest = std::max(loudest, (double) value); }
    loudest -= 8.0;
    for (float & value : mel.data) {
        if (value < loudest) { value = loudest; }
        value = (value + 4.0) / 4.0;
    }
    return true;
}

int mel_length(const whisper_state * state) { return state->mel.n_len_org; }

int fallback_count(const whisper_state * state) { return state->n_fail_p; }

void watch(whisper_state * state, ggml_abort_callback callback, void * data) {
    for (ggml_backend_t backend : state->backends) {
        if (ggml_backend_is_cpu(backend)) { ggml_backend_cpu_set_abort_callback(backend, callback, data); }
    }
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
