#ifndef CL_QUANTIZE_H
#define CL_QUANTIZE_H

#include "cl_model.h"

#ifdef __cplusplus
extern "C" {
#endif

// What most of a file's weights are stored as. The values are llama.cpp's file types; a model may have others.
typedef enum __attribute__((enum_extensibility(open))) cl_weight_format {
    CL_FORMAT_F32 = 0,
    CL_FORMAT_F16 = 1,
    CL_FORMAT_Q4_0 = 2,
    CL_FORMAT_Q4_1 = 3,
    CL_FORMAT_Q8_0 = 7,
    CL_FORMAT_Q5_0 = 8,
    CL_FORMAT_Q5_1 = 9,
    CL_FORMAT_Q4_K_M = 15,
    CL_FORMAT_Q5_K_M = 17,
    CL_FORMAT_Q6_K = 18,
    CL_FORMAT_BF16 = 32,
} cl_weight_format;

// The format of a loaded model, as its file states or llama.cpp guesses it.
cl_weight_format cl_model_format(const cl_model * model);

// Converts a GGUF file to another format, from an already quantized one too. Writes to `to` with ".part" appended and
// renames that to `to` once it is whole and on disk; on failure nothing is left. Blocks; the space needed is to be
// checked by the caller, and a disk that fills up nevertheless is CL_FAILED.
cl_status cl_quantize(const char * from, const char * to, cl_weight_format format, uint32_t threads);

// Whether a GGUF file holds all the bytes that its header speaks of.
cl_status cl_gguf_check_whole(const char * path);

#ifdef __cplusplus
}
#endif

#endif
