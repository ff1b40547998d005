#ifndef CW_VAD_H
#define CW_VAD_H

#include "cw_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A detector of voices: the Silero model that whisper.cpp brings, which is part of the program. One thread at a time.
typedef struct cw_vad cw_vad;

// How many samples at 16 kHz make one probability.
#define CW_VAD_WINDOW 512

cw_status cw_vad_open(cw_vad ** vad);
void cw_vad_close(cw_vad * vad);

// Forgets what it has heard.
void cw_vad_reset(cw_vad * vad);

// Goes on listening: one probability of speech for each window of the samples; the last may be a part of a window.
// There is room for (count + CW_VAD_WINDOW - 1) / CW_VAD_WINDOW of them.
cw_status cw_vad_listen(cw_vad * vad, const float * samples, size_t count, float * probabilities);

typedef struct cw_vad_options {
    float threshold;            // from 0 to 1
    int32_t min_speech_ms;      // shorter speech counts for none
    int32_t min_silence_ms;     // shorter silence ends no stretch
    float max_speech_seconds;   // longer stretches are cut
    int32_t padding_ms;         // put around each stretch
} cw_vad_options;

// A stretch of speech, in centiseconds.
typedef struct cw_vad_span { int64_t start, end; } cw_vad_span;

// The stretches of speech in a sound of these probabilities, by whisper.cpp's rules. Writes up to capacity of them, and
// the number that there are.
cw_status cw_vad_spans(
    cw_vad * vad, const float * probabilities, size_t count, const cw_vad_options * options,
    cw_vad_span * spans, size_t capacity, size_t * span_count
);

#ifdef __cplusplus
}
#endif

#endif
