#ifndef CW_KERNEL_H
#define CW_KERNEL_H

// Each kernel is compiled for several kinds of CPU; which one runs is decided when the program is loaded. Mach-O has no
// such thing, and 64-bit ARM needs none. The thread sanitizer is not there yet when that is decided.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define CW_KERNEL __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CW_KERNEL
#endif
#define CW_INLINE static inline __attribute__((always_inline))

#endif
