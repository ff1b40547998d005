#ifndef CW_RUNTIME_H
#define CW_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Called with each line that whisper.cpp would print; level is 1 debug, 2 info, 3 warning, 4 error. May be called on any
// thread. The text is valid during the call alone.
typedef void (*cw_log_callback)(int32_t level, const char * text);

// Sends whisper.cpp's lines to the callback; ggml's go where they went before. Before anything else here, once; later
// calls do nothing. Where no other part of the program has settled it, ggml's BLAS backend is taken out of the registry: it
// would take every large product away from ggml's own kernels.
void cw_runtime_start(cw_log_callback log);

// whisper.cpp's version. A static string.
const char * cw_version(void);

// How many bytes zlib makes of some bytes; 0 where it fails.
size_t cw_compressed_size(const uint8_t * bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
