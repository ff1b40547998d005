#ifndef CL_MEDIA_H
#define CL_MEDIA_H

#include "cl_context.h"
#include "cl_memory.h"

#ifdef __cplusplus
extern "C" {
#endif

// The encoders and projectors (an mmproj file) beside a language model: they turn images and sound into vectors that stand in a
// prompt in place of tokens. Preparing prompts is safe from any thread; encoding is for one thread at a time. Freed before its
// model.
typedef struct cl_projector cl_projector;

typedef struct cl_projector_options {
    uint32_t threads; // at least 1
    bool use_gpu;
    // Polled while the encoder computes, on the thread that called encode; true cuts it off. May be NULL.
    bool (*should_abort)(void * user_data);
    void * user_data;
} cl_projector_options;

// Loads a projector. CL_FAILED where it is none, has no encoder of images or sound that can be used, or gives vectors of another
// width than the model's.
cl_status cl_projector_load(
    const char * path, const cl_model * model, cl_projector_options options, cl_projector ** projector);
void cl_projector_free(cl_projector * projector);

// What a projector would take, without loading its weights: one entry for the host and then one for each GPU, as in
// cl_context_memory. Everything is counted as weights.
cl_status cl_projector_memory(const char * path, bool use_gpu, cl_memory_use * uses, size_t capacity);

// Numbers in the vector of each token of an image or sound.
uint32_t cl_projector_width(const cl_projector * projector);

// Whether it takes images.
bool cl_projector_sees(const cl_projector * projector);

// Of the sound that it takes, in Hz; 0 where it takes none.
uint32_t cl_projector_sample_rate(const cl_projector * projector);

// How many seconds one sound may have; 0 where it takes none.
uint32_t cl_projector_longest_sound(const cl_projector * projector);

// How many tokens a minute of sound has at least.
uint32_t cl_projector_sound_tokens(const cl_projector * projector);

// An image's pixels.
typedef struct cl_image cl_image;

// Decodes a PNG, JPEG, GIF (its first picture) or BMP file of this width and height, which the caller has read from its header
// and bounded. CL_FAILED where it is damaged, of another size or another format, or would grow beyond its size meanwhile.
cl_status cl_image_decode(const uint8_t * bytes, size_t size, uint32_t width, uint32_t height, cl_image ** image);
void cl_image_free(cl_image * image);

// Sound of one channel.
typedef struct cl_sound cl_sound;

// Copies samples, which are at the projector's rate; beyond -1 and 1 they are cut, and what is no number is silence.
cl_status cl_sound_create(const float * samples, size_t count, cl_sound ** sound);
void cl_sound_free(cl_sound * sound);

// One part of a prompt: an image, a sound, or a text, whose special tokens are read as such.
typedef struct cl_prompt_part {
    const char * text; // NULL for the others
    size_t length;
    const cl_image * image; // NULL for the others
    const cl_sound * sound; // NULL for the others
} cl_prompt_part;

// A prompt with its images cut and scaled, and its sounds made into spectra, as the encoders take them. It needs neither any more.
typedef struct cl_media_prompt cl_media_prompt;

// Tokenizes texts and prepares images and sounds. CL_FAILED where one can't be prepared, or the model lacks a token that goes with
// it; CL_INVALID_ARGUMENT where it has no encoder for it, or it is longer than cl_projector_longest_sound.
cl_status cl_media_prompt_create(
    const cl_projector * projector, const cl_prompt_part * parts, size_t count, cl_media_prompt ** prompt);
void cl_media_prompt_free(cl_media_prompt * prompt);

// A run of text tokens, or a stretch of an image or sound.
typedef struct cl_prompt_piece {
    const int32_t * tokens; // NULL for the others; owned by the prompt
    size_t token_count;     // of the KV cache
    int32_t positions;      // by how much it moves the position of what follows
    bool is_sound;
    bool is_whole;          // attended to as a whole: to be decoded in one batch
    uint64_t digest[2];     // of an image or sound: of all that its vectors and positions depend on
} cl_prompt_piece;

size_t cl_media_prompt_count(const cl_media_prompt * prompt);
cl_prompt_piece cl_media_prompt_piece(const cl_media_prompt * prompt, size_t index);

// Computes the vectors of an image or sound: token_count * cl_projector_width floats. aborted: it was cut off, and they are not
// there.
cl_status cl_projector_encode(
    cl_projector * projector, const cl_media_prompt * prompt, size_t index, float * vectors, size_t capacity,
    bool * aborted);

// Decodes count of its tokens, from the first on, at the end of what a sequence holds; position is that of its first token, and
// vectors are those of all its tokens. A piece that is_whole is decoded whole. No logits come of it.
cl_status cl_context_decode_media(
    cl_context * context, const cl_projector * projector, const cl_media_prompt * prompt, size_t index,
    const float * vectors, size_t first, size_t count, int32_t sequence, int32_t position,
    cl_decode_outcome * outcome);

#ifdef __cplusplus
}
#endif

#endif
