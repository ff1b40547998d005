// Passes over one row of logits, a block at a time, with the widest vectors that the CPU has.
//
// No pass reorders its sums between vector widths and none fuses multiplications with additions, so every CPU gets the
// same bits. NaN counts as -inf everywhere.

#ifndef CL_LOGIT_ROWS_H
#define CL_LOGIT_ROWS_H

#include <array>
#include <cstddef>
#include <vector>

namespace cl {

// A row of logits, and the largest of each of its blocks: whatever looks for large logits skips most blocks.
class logit_row {
public:
    static constexpr size_t block_length = 128;

    // Takes the maxima. The row and the buffer are the caller's, and stay until this is gone.
    logit_row(const float * logits, size_t count, std::vector<float> & maxima_buffer);

    const float * logits() const { return values; }
    size_t count() const { return size; }
    const std::vector<float> & block_maxima() const { return maxima; }

    // The largest logit; -inf where none is a number.
    float max() const { return largest; }
    // The first place of the largest logit. There must be one above -inf.
    size_t first_max() const;

private:
    const float * values;
    size_t size;
    std::vector<float> & maxima;
    float largest;
};

// Sets masses to the sum of exp((logit - max) * scale) of each block, and gives their sum. Scale is above 0.
double block_masses(const logit_row & row, float scale, std::vector<float> & masses);

// Sets masses to exp((logit - max) * scale) of each of some logits, with the bits that block_masses summed.
void each_mass(const float * logits, size_t count, float max, float scale, float * masses);

// What the likelier part of a row weighs: sums of exp(logit - max).
struct nested_masses {
    // Each part holds the logits within this distance of the largest one.
    static constexpr std::array<float, 10> distances = {1, 2, 3, 4, 5, 6, 7, 8, 10, 12};

    std::array<double, distances.size()> parts;
    double all;
};

nested_masses sum_nested(const logit_row & row);

} // namespace cl

#endif
