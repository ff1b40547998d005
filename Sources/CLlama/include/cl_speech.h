#ifndef CL_SPEECH_H
#define CL_SPEECH_H

#include "cl_model.h"

#ifdef __cplusplus
extern "C" {
#endif

// Neural speech through libmtmd: a language model that speaks (Qwen3-TTS's talker, Pocket TTS's backbone) with the file of the
// codec that belongs to it. A few utterances may be under way, each in a place of its own; the work on each is done in steps, a
// frame of sound or a batch of the prompt, in any order. All calls on one cl_speech are for one thread at a time.
typedef struct cl_speech cl_speech;

typedef enum __attribute__((enum_extensibility(open))) cl_speech_family {
    CL_SPEECH_NONE = 0,
    CL_SPEECH_QWEN3TTS = 1,
    CL_SPEECH_POCKETTTS = 2,
} cl_speech_family;

// Reads the headers of both files alone, and checks that everything is there that libmtmd takes for granted, in shapes that go
// together: where something is not, llama.cpp's code would end the process. CL_FAILED says what.
cl_status cl_speech_check(const char * model_path, const char * codec_path, cl_speech_family * family);

// What a codec's file belongs to, by its header; CL_SPEECH_NONE where it holds no generator of speech.
cl_speech_family cl_speech_codec_family(const char * codec_path);

typedef struct cl_speech_options {
    uint32_t threads;        // at least 1
    uint32_t places;         // utterances at once, at least 1
    uint32_t context_length; // tokens and frames of one utterance
    bool use_gpu;
} cl_speech_options;

// Loads the codec beside a model that was loaded from the file which cl_speech_check has seen. The model outlives it.
cl_status cl_speech_load(
    const char * codec_path, const cl_model * model, cl_speech_family family, cl_speech_options options, cl_speech ** speech);
void cl_speech_free(cl_speech * speech);

// Samples a second of its sound, and of the recordings that it takes.
uint32_t cl_speech_sample_rate(const cl_speech * speech);

// Bytes that each place takes for itself while it is in use, and the first one from its first use on.
uint64_t cl_speech_place_bytes(const cl_model * model);

// Whether a model speaks a language when told to, by its code (`de`); CL_SPEECH_POCKETTTS knows only its own.
bool cl_speech_knows_language(const cl_speech * speech, const char * code);

typedef struct cl_utterance {
    const char * text; // UTF-8, at most 4,096 bytes
    size_t length;
    // A recording of who is to speak: samples within -1 and 1 at the sample rate, from half a second to thirty; NULL for none.
    const float * speaker;
    size_t speaker_count;
    const char * language; // a code that the model knows, or NULL
    uint32_t seed;         // not UINT32_MAX
    uint32_t max_frames;   // at least 1; fewer where the context is shorter
} cl_utterance;

// Begins an utterance in a free place; where this fails, the place is free still. Encodes the speaker, which takes a while.
cl_status cl_speech_begin(cl_speech * speech, uint32_t place, cl_utterance utterance);

typedef struct cl_speech_sound {
    const float * samples; // owned by the place, valid until its next step or its end; NULL where none are ready yet
    size_t count;
    bool is_last; // the utterance has ended: the place waits for cl_speech_end
} cl_speech_sound;

// Does the next step of an utterance. Sound comes in stretches: of 8 frames from Pocket TTS, of 72 from Qwen3-TTS, and the rest
// at the end. A frame is 80 ms. After a failure the utterance can only be ended.
//
// The draws are those of upstream's llama-tts for the same seed, whatever else is under way: libmtmd has one generator of random
// numbers for all, so the numbers are put into its graphs here.
cl_status cl_speech_step(cl_speech * speech, uint32_t place, cl_speech_sound * sound);

// Ends an utterance, wherever it is, and frees its place.
void cl_speech_end(cl_speech * speech, uint32_t place);

#ifdef __cplusplus
}
#endif

#endif
