#ifndef CW_STATUS_H
#define CW_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

// What became of a call. The values are stable; unknown ones are to be read as failures.
typedef enum __attribute__((enum_extensibility(open))) cw_status {
    CW_OK = 0,
    CW_INVALID_ARGUMENT = 1, // refused before native code saw it
    CW_FAILED = 2,           // whisper.cpp said no, or threw
    CW_OUT_OF_MEMORY = 3,
    CW_ENDED = 4,            // the caller's callback ended it
} cw_status;

// The sentence that belongs to the last failure on this thread. Owned by the library; valid until the next call here.
const char * cw_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
