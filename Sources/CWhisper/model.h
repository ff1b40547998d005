#ifndef CW_MODEL_INTERNAL_H
#define CW_MODEL_INTERNAL_H

#include "cw_model.h"
#include "whisper.h"

#include <mutex>

struct cw_model {
    cw_model_info info = {};
    whisper_context * context = nullptr;
    // Without the faster attention, whose weights can't be read: one to transcribe with, one to read attention with, since
    // whisper.cpp would align by itself with the latter, in a way that does not survive every window.
    whisper_context * plain = nullptr;
    whisper_context * aligning = nullptr;
    std::once_flag faces;

    cw_model() = default;
    cw_model(const cw_model &) = delete;
    cw_model & operator=(const cw_model &) = delete;
    ~cw_model();

    // Makes both faces, once; they share the weights.
    void make_faces();
};

#endif
