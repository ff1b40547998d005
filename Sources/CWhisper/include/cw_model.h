#ifndef CW_MODEL_H
#define CW_MODEL_H

#include "cw_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The weights of a model: read-only, for any number of sessions on any threads.
typedef struct cw_model cw_model;

// What the header of a model's file says.
typedef struct cw_model_info {
    int32_t vocabulary;    // tokens, the special ones included
    int32_t audio_context; // positions of the encoder, of 20 ms each
    int32_t audio_state, audio_heads, audio_layers;
    int32_t text_context;  // tokens of the decoder: the prompt's and the answer's
    int32_t text_state, text_heads, text_layers;
    int32_t mels;
    int32_t weight_format; // ggml's number of its files' format
    bool is_multilingual;
    uint64_t file_size;    // in bytes
} cw_model_info;

// Whether a file begins as a whisper model's does, to its header's numbers; cheap, and no more than that.
bool cw_model_is_one(const char * path);

// Reads the header of a whisper model, and checks that all of its weights are in the file and have the shapes that the
// header gives them. CW_INVALID_ARGUMENT, and cw_last_error says what is wrong.
cw_status cw_model_check(const char * path, cw_model_info * info);

// Checks a model's file, then loads it. cw_model_free when it is no longer used, and no session is left.
cw_status cw_model_load(const char * path, bool uses_gpu, cw_model ** model);
void cw_model_free(cw_model * model);

// What a loaded model is.
cw_model_info cw_model_information(const cw_model * model);

// The bytes of a token's text, often a part of a character; not terminated. Empty, with length 0, outside the vocabulary.
const char * cw_model_token_text(const cw_model * model, int32_t token, size_t * length);

// The first special token: those below it are text.
int32_t cw_model_first_special_token(const cw_model * model);

// The number of a language by its code ("de") or English name ("german"), or -1; the names of one, NULL outside.
int32_t cw_language(const char * name);
const char * cw_language_code(int32_t language);
const char * cw_language_name(int32_t language);
int32_t cw_language_count(void);

#ifdef __cplusplus
}
#endif

#endif
