#ifndef CW_RUN_H
#define CW_RUN_H

#include "cw_model.h"

#ifdef __cplusplus
extern "C" {
#endif

// What a transcription computes in: memory of its own, over a model that it must not outlive. One thread at a time.
typedef struct cw_session cw_session;

// Aligns says that words get their times from attention (dynamic time warping), which costs the faster kernels.
cw_status cw_session_open(cw_model * model, bool aligns, cw_session ** session);
void cw_session_close(cw_session * session);

// Where a run stands when it asks whether it may go on.
typedef enum __attribute__((enum_extensibility(open))) cw_pace {
    CW_PACE_ENCODER = 0,   // the encoder is about to run
    CW_PACE_STEP = 1,      // a step of the decoder is done, or the encoder
    CW_PACE_OPERATION = 2, // in the middle of either, no more often than every 2 ms
} cw_pace;

typedef struct cw_token {
    int32_t id;
    float logprob;
    // In centiseconds from the begin of the sound; -1 where nothing was aligned.
    int64_t start, end;
} cw_token;

typedef struct cw_segment {
    int64_t seek; // where the encoder's window began, in centiseconds; start and end alike
    int64_t start, end;
    int64_t bound;               // what comes later, or the sound's end: no word of it lasts longer
    float no_speech_probability; // of the window
    float temperature;           // that the window was decoded at
    const cw_token * tokens;     // timestamps and other special ones included
    size_t token_count;
} cw_segment;

typedef struct cw_callbacks {
    // Called with each segment, in order; what it points to is valid during the call alone.
    void (*segment)(const cw_segment * segment, void * user_data);
    // May block for as long as it likes; false ends the run. Called on the run's own thread.
    bool (*pace)(cw_pace pace, void * user_data);
    void * user_data;
} cw_callbacks;

typedef struct cw_options {
    int32_t threads;
    int32_t language;       // a language's number, or -1: found in the sound (English where the model knows no other)
    uint64_t languages[2];  // bits of those that may be found, from the first on; no bit: any
    bool translates;        // into English
    float temperature;
    float temperature_step; // of the fallbacks where decoding fails; 0 for none
    int32_t beams;          // 1: greedy
    int32_t candidates;     // how many answers are tried at a temperature above 0; 1 to 8
    int32_t audio_context;  // positions of the encoder; 0: as many as the sound needs
    int32_t max_tokens;     // in a window; 0: as many as there is room for
    float max_initial_timestamp; // in seconds; 0: whisper.cpp's
} cw_options;

typedef struct cw_outcome {
    int32_t language;
    float language_probability; // 1 where it was given
    int32_t encoder_runs;
    int32_t encoder_positions;  // of all runs together
    int32_t prompt_tokens;
} cw_outcome;

// Transcribes sound: 16 kHz, one channel, from -1 to 1. The prompt is text that goes before, or NULL. CW_ENDED where a
// callback ended it.
cw_status cw_session_run(
    cw_session * session, const cw_options * options, const char * prompt, const float * samples, size_t count,
    const cw_callbacks * callbacks, cw_outcome * outcome
);

// How many positions of the encoder serve so many centiseconds of sound: with room behind them, in whole blocks of the
// kernels, and no more than the model has.
int32_t cw_fitting_audio_context(const cw_model_info * info, int64_t centiseconds);

#ifdef __cplusplus
}
#endif

#endif
