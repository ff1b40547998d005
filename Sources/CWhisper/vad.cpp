#include "cw_vad.h"

#include "boundary.h"
#include "native.h"

#include <algorithm>
#include <cfloat>
#include <cstring>
#include <memory>
#include <vector>

#pragma clang diagnostic ignored "-Wc23-extensions"

namespace {

const unsigned char silero[] = {
#embed "for-tests-silero-v6.2.0-ggml.bin"
};

struct source {
    size_t position = 0;
    bool is_short = false;
};

size_t read(void * context, void * output, size_t count) {
    auto * from = static_cast<source *>(context);
    const size_t got = std::min(count, sizeof(silero) - from->position);
    std::memcpy(output, silero + from->position, got);
    from->position += got;
    if (got < count) { from->is_short = true; }
    return got;
}

bool is_at_end(void * context) { return static_cast<source *>(context)->is_short; }
void close(void *) {}

} // namespace

struct cw_vad {
    whisper_vad_context * context;
    ~cw_vad() { whisper_vad_free(context); }
};

cw_status cw_vad_open(cw_vad ** vad) {
    return cw::guarded([&] {
        source from;
        whisper_model_loader loader = {&from, read, is_at_end, close};
        whisper_vad_context_params params = whisper_vad_default_context_params();
        // Its products are too small to share.
        params.n_threads = 1;
        whisper_vad_context * context = whisper_vad_init_with_params(&loader, params);
        if (context == nullptr) { return cw::fail(CW_FAILED, "whisper.cpp does not load the detector of voices"); }
        *vad = new cw_vad{context};
        // Its memory is not cleared when it is made.
        whisper_vad_reset_state(context);
        return CW_OK;
    });
}

void cw_vad_close(cw_vad * vad) { delete vad; }

void cw_vad_reset(cw_vad * vad) { whisper_vad_reset_state(vad->context); }

cw_status cw_vad_listen(cw_vad * vad, const float * samples, size_t count, float * probabilities) {
    return cw::guarded([&] {
        if (count == 0) { return CW_OK; }
        if (count > INT32_MAX) { return cw::fail(CW_INVALID_ARGUMENT, "too many samples at once"); }
        if (!whisper_vad_detect_speech_no_reset(vad->context, samples, (int) count)) {
            return cw::fail(CW_FAILED, "whisper.cpp could not listen for voices");
        }
        const float * found = whisper_vad_probs(vad->context);
        std::copy(found, found + whisper_vad_n_probs(vad->context), probabilities);
        return CW_OK;
    });
}

cw_status cw_vad_spans(
    cw_vad * vad, const float * probabilities, size_t count, const cw_vad_options * options,
    cw_vad_span * spans, size_t capacity, size_t * span_count
) {
    return cw::guarded([&] {
        if (count > INT32_MAX / CW_VAD_WINDOW) { return cw::fail(CW_INVALID_ARGUMENT, "too many samples at once"); }
        whisper_vad_params params = whisper_vad_default_params();
        params.threshold = options->threshold;
        params.min_speech_duration_ms = options->min_speech_ms;
        params.min_silence_duration_ms = options->min_silence_ms;
        params.max_speech_duration_s = options->max_speech_seconds;
        params.speech_pad_ms = options->padding_ms;
        const std::unique_ptr<whisper_vad_segments, void (*)(whisper_vad_segments *)> found(
            cw::vad_segments(vad->context, {probabilities, probabilities + count}, params), whisper_vad_free_segments);
        if (!found) { return cw::fail(CW_OUT_OF_MEMORY, "out of memory"); }
        *span_count = (size_t) whisper_vad_segments_n_segments(found.get());
        for (size_t index = 0; index < std::min(*span_count, capacity); index++) {
            spans[index] = {
                (int64_t) whisper_vad_segments_get_segment_t0(found.get(), (int) index),
                (int64_t) whisper_vad_segments_get_segment_t1(found.get(), (int) index),
            };
        }
        return CW_OK;
    });
}
