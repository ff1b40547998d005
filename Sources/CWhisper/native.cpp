// whisper.cpp itself, with the few functions that need what its header hides. Its file is compiled here instead of being
// linked: its state is what a request computes in, and the header lends none of it.

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include "whisper.cpp"
#pragma clang diagnostic pop

#include "native.h"

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

int mel_length(const whisper_state * state) { return state->mel.n_len_org; }

int fallback_count(const whisper_state * state) { return state->n_fail_p; }

void watch(whisper_state * state, ggml_abort_callback callback, void * data) {
    for (ggml_backend_t backend : state->backends) {
        if (ggml_backend_is_cpu(backend)) { ggml_backend_cpu_set_abort_callback(backend, callback, data); }
    }
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
