// llama-tts itself, from llama.cpp's sources: what it writes for a model, a text, a speaker and a seed.

#include "CLlamaReference.h"

#include "mtmd.h"

// It leaves the codec's number of threads as it is, which is more than a test should take; and it sends all logs to itself.
static mtmd_context_params reference_codec_params() {
    mtmd_context_params params = mtmd_context_params_default();
    params.n_threads = 1;
    return params;
}

#define mtmd_context_params_default reference_codec_params
#define main reference_tts_main
#include "tts.cpp"
#undef main
#undef mtmd_context_params_default

int32_t reference_speech(int32_t count, char ** arguments) { return reference_tts_main(count, arguments); }
