#include "CSonic.h"

#include <sonic.h>

// A stream is libsonic's own.
static sonicStream native(cs_stream *stream) { return (sonicStream)stream; }

cs_stream *cs_open(int sample_rate, float speed) {
    sonicStream stream = sonicCreateStream(sample_rate, 1);
    if (stream) sonicSetSpeed(stream, speed);
    return (cs_stream *)stream;
}

void cs_close(cs_stream *stream) { sonicDestroyStream(native(stream)); }

bool cs_write(cs_stream *stream, const int16_t *samples, size_t count) {
    // Not changed: the library declares no constants.
    return sonicWriteShortToStream(native(stream), (short *)samples, (int)count);
}

bool cs_flush(cs_stream *stream) { return sonicFlushStream(native(stream)); }

size_t cs_read(cs_stream *stream, int16_t *samples, size_t count) {
    return (size_t)sonicReadShortFromStream(native(stream), samples, (int)count);
}
