// The C face of whisper.cpp that the Swift targets see.

#ifndef CWHISPER_H
#define CWHISPER_H

#ifdef __cplusplus
extern "C" {
#endif

// whisper.cpp's version. A static string.
const char * cw_version(void);

#ifdef __cplusplus
}
#endif

#endif
