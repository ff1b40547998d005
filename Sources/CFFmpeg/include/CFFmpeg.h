// What Swift sees of FFmpeg: sound into the bytes of a file, and bytes of a file into sound.
//
// Nothing here opens a file or a URL: files are memory, whatever they say of others. Each encoder and each call of
// `cff_decode` is used by one thread at a time; several may work at once.

#ifndef CFFMPEG_H
#define CFFMPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    CFF_OK,
    CFF_NO_MEMORY,
    /// The bytes are no file of the formats that are read.
    CFF_UNKNOWN_FORMAT,
    /// A file of a known format, without sound in a codec that is read.
    CFF_NO_SOUND,
    /// The sound is damaged: nothing of it could be decoded.
    CFF_DAMAGED,
    /// The sink wanted no more.
    CFF_STOPPED,
    /// FFmpeg refused; the message says why.
    CFF_FAILED,
} cff_status;

typedef enum { CFF_MP3, CFF_OPUS, CFF_AAC, CFF_FLAC, CFF_WAV, CFF_PCM } cff_format;

enum { CFF_MESSAGE_SIZE = 128 };

/// Why a call failed, for people; ends in NUL.
typedef struct {
    char text[CFF_MESSAGE_SIZE];
} cff_message;

/// The versions of FFmpeg's libraries. A static string.
const char *cff_version(void);

// MARK: Encoding

typedef struct cff_encoder cff_encoder;

/// Begins a file with one channel.
///
/// Samples come at `input_rate` Hz, and are resampled to `output_rate`.
cff_status cff_encoder_open(
    cff_format format, int input_rate, int output_rate, cff_encoder **encoder, cff_message *message);

/// Takes sound.
cff_status cff_encoder_write(cff_encoder *encoder, const int16_t *samples, size_t count, cff_message *message);

/// Ends the file; nothing may be written afterwards.
cff_status cff_encoder_finish(cff_encoder *encoder, cff_message *message);

/// The bytes made since the last call; they are gone at the next call for this encoder.
const uint8_t *cff_encoder_take(cff_encoder *encoder, size_t *count);

void cff_encoder_close(cff_encoder *encoder);

// MARK: Decoding

/// Takes decoded sound, one channel; false for no more. The samples are gone when the call returns.
typedef bool (*cff_sink)(void *context, const float *samples, size_t count);

/// Decodes the first sound of a file, mixed to one channel at `output_rate` Hz.
///
/// The formats are those of the whitelist in the implementation. Parts that are damaged are passed over and counted in
/// `faults`. The sink bounds how much is decoded: no memory grows with the sound's length.
cff_status cff_decode(
    const uint8_t *bytes, size_t count, int output_rate, cff_sink sink, void *context, size_t *faults,
    cff_message *message);

#endif
