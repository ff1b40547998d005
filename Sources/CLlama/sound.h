#ifndef CL_SOUND_IMPL_H
#define CL_SOUND_IMPL_H

#include "gguf.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

struct cl_sound {
    std::vector<float> samples; // from -1 to 1
    std::string hash;           // of them, in hexadecimal digits
};

namespace cl {

// What an encoder of sound takes, in milliseconds, and what it gives.
struct ears {
    uint32_t piece = 0; // a long sound is heard in pieces of this length; 0 where the last may be of any
    uint32_t most = 0;
    uint32_t tokens = 0; // of a minute, at least
};

// Reads what a projector's header says of its encoder of sound, and checks what libmtmd would assert on. Throws
// std::runtime_error where it can't be used.
ears read_ears(const gguf_context * file);

// The samples as the encoder takes them: silence behind them where they, or their last piece, would be too short for a single
// position.
std::vector<float> fitted(const std::vector<float> & samples, ears limits, uint32_t sample_rate);

} // namespace cl

#endif
