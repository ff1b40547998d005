#ifndef CW_SCORES_H
#define CW_SCORES_H

#include <cstddef>

namespace cw {

// Writes e to the power of each value less shift, which none of them exceeds: within two units of the last place, 0 below
// -87 and for what is no number.
void exponentials(const float * values, size_t count, float shift, float * out);
// Of the same, the sum.
double exponential_sum(const float * values, size_t count, float shift);
float largest(const float * values, size_t count);

} // namespace cw

#endif
