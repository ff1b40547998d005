#ifndef CL_STATUS_H
#define CL_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What became of a call. The values are stable; unknown ones are to be read as failures.
typedef enum __attribute__((enum_extensibility(open))) cl_status {
    CL_OK = 0,
    CL_INVALID_ARGUMENT = 1, // refused before native code saw it
    CL_FAILED = 2,           // llama.cpp said no, or threw
    CL_OUT_OF_MEMORY = 3,
} cl_status;

// The sentence that belongs to the last failure on this thread. Owned by the library; valid until the next call here.
const char * cl_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
