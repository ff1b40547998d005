#ifndef CW_ALIGNMENT_H
#define CW_ALIGNMENT_H

#include <vector>

namespace cw {

// Where tokens begin, by the attention of the heads that follow the words: dynamic time warping as in OpenAI's
// whisper/timing.py. Weights are [head][position][token], the token being the fastest, of which rows first...first + count - 1
// are used: the token before the first of the text, then the text. The result has one position a row.
std::vector<int> align(
    const std::vector<float> & weights, int heads, int positions, int tokens, int used_positions, int first, int count
);

} // namespace cw

#endif
