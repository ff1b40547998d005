#ifndef CW_MODEL_INTERNAL_H
#define CW_MODEL_INTERNAL_H

#include "cw_model.h"
#include "whisper.h"

#include <mutex>
#include <vector>

struct cw_model {
    cw_model_info info = {};
    whisper_context * context = nullptr;
    // Without the faster attention, whose weights can't be read: one to transcribe with, one to read attention with, since
    // whisper.cpp would align by itself with the latter, in a way that does not survive every window.
    whisper_context * plain = nullptr;
    whisper_context * aligning = nullptr;
    std::once_flag faces;
    // Memory of runs that have ended, for the next: no more than have run at once. Of runs that align, and of others.
    std::mutex lock;
    std::vector<whisper_state *> idle[2];

    cw_model() = default;
    cw_model(const cw_model &) = delete;
    cw_model & operator=(const cw_model &) = delete;
    ~cw_model();

    // Makes both faces, once; they share the weights.
    void make_faces();
    // Memory for a run; NULL where there is none.
    whisper_state * take_state(bool aligns);
    // Takes it back, cleared.
    void give_back(whisper_state * state, bool aligns) noexcept;
};

#endif
