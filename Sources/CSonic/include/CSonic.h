// What Swift sees of libsonic: streams of mono 16-bit sound that are played faster or slower at the same pitch.

#ifndef CSONIC_H
#define CSONIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cs_stream cs_stream;

/// A stream of sound at `sample_rate` Hz; NULL where there is no memory.
cs_stream *cs_open(int sample_rate, float speed);
void cs_close(cs_stream *stream);

/// Takes sound; false where there is no memory.
bool cs_write(cs_stream *stream, const int16_t *samples, size_t count);

/// Makes what is still held back available; false where there is no memory.
bool cs_flush(cs_stream *stream);

/// Hands over up to `count` samples.
///
/// Returns how many there were.
size_t cs_read(cs_stream *stream, int16_t *samples, size_t count);

#endif
