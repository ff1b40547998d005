#ifndef CW_SPECTROGRAM_H
#define CW_SPECTROGRAM_H

#include <cstddef>
#include <functional>
#include <vector>

namespace cw {

// A bank of filters over the bins of a spectrum: [band][bin].
struct filter_bank {
    int bands;
    const float * weights;
};

struct spectrogram {
    int length = 0;         // frames, of 10 ms each
    int sounding = 0;       // of those, how many are not padding alone
    std::vector<float> data; // [band][frame]
};

// Computes the logarithmic mel spectrogram of a sound and of 30 seconds of silence behind it, as whisper.cpp does, to the last
// bit where its compiler does not contract sums of products; several frames at once. Asks after every ten seconds of sound
// whether to go on; false where it is not to. The sound has at least 201 samples at 16 kHz.
bool compute(
    spectrogram & result, const filter_bank & filters, const float * samples, size_t count, int threads,
    const std::function<bool()> & may_go_on
);

} // namespace cw

#endif
