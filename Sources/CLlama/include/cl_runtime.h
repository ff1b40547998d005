#ifndef CL_RUNTIME_H
#define CL_RUNTIME_H

#include "cl_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Called with each line that llama.cpp or ggml would print; level is 1 debug, 2 info, 3 warning, 4 error.
// May be called on any thread. The text is valid during the call alone.
typedef void (*cl_log_callback)(int32_t level, const char * text, void * user_data);

// Starts the process-wide runtime: sends all log lines to the callback, silences the common library's own log (which
// may hold rendered prompts), and registers ggml's devices. Call it once, before anything else here; later calls do
// nothing. Use_blas false takes the BLAS backend out of the registry: once registered, it takes every large product
// away from ggml's own kernels, which are faster for quantized weights.
void cl_runtime_start(cl_log_callback log, void * user_data, bool use_blas);

// Puts the BLAS backend into the registry, or takes it out: for models loaded and contexts made from now on. Not while
// another thread loads a model or makes a context.
void cl_runtime_use_blas(bool use_blas);

// Whether this build has a BLAS backend, in the registry or not.
bool cl_runtime_has_blas(void);

// The date of llama.cpp's source, ggml's version, and the CPU features that ggml was built for. Static strings.
const char * cl_llama_version(void);
const char * cl_ggml_version(void);
const char * cl_system_info(void);

// How many threads mathematics runs on best: the physical cores, efficiency cores left out.
int32_t cl_best_thread_count(void);

// Restarts the program, with the same arguments, so that ggml's threads sleep after a short wait for each other; returns
// where that is settled already: by an earlier restart, or by the user with GOMP_SPINCOUNT or OMP_WAIT_POLICY, which libgomp
// reads when it is loaded. By itself it lets a thread spin for milliseconds, and where another program has pushed two of
// them onto one core, the one that spins keeps the one that works from working, at each of a step's thousand waits.
void cl_restart_with_short_waits(char ** arguments);

// Bounds what this process may take from now on, for work that a stranger's input may make endless: seconds of CPU time, after
// which the system ends it, and bytes of memory beyond what it has (Linux alone counts these). It writes no files, leaves no
// core behind, and on Linux ends with its parent. There is no way back. CL_FAILED where the system refuses a bound.
cl_status cl_confine_process(uint32_t cpu_seconds, size_t more_bytes);

// Whether this process may run on a core, by its number.
bool cl_may_use_core(int32_t core);

// Number of ggml's devices, and the name of one (0 <= index < count).
int32_t cl_device_count(void);
const char * cl_device_name(int32_t index);

#ifdef __cplusplus
}
#endif

#endif
