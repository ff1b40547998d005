#include "scores.h"

#include "kernel.h"

#include <cmath>
#include <cstdint>
#include <cstring>

#pragma clang fp contract(off)

namespace {

constexpr size_t width = 16;
// The compiler splits these into as many registers as the CPU needs.
typedef float floats __attribute__((vector_size(width * sizeof(float))));
typedef int32_t integers __attribute__((vector_size(width * sizeof(int32_t))));
typedef double doubles __attribute__((vector_size(width * sizeof(double))));

CW_INLINE void load(floats & vector, const float * place, size_t count) {
    if (count >= width) { std::memcpy(&vector, place, sizeof(vector)); return; }
    vector = -INFINITY - floats{};
    std::memcpy(&vector, place, count * sizeof(float));
}

// e^x = 2^n e^r with n the integer next to x / ln 2, and e^r by its Taylor polynomial, |r| <= ln 2 / 2. Adding 1.5 * 2^23
// rounds to an integer and leaves it in the low bits.
CW_INLINE void exponential(floats & x) {
    constexpr float rounder = 12582912.0f, least = -87.0f;
    constexpr float ln2_high = 0.693359375f; // few bits, so that its product with n is exact
    constexpr float ln2_low = -2.12194440e-4f;
    const integers counts = x >= least;
    x = counts ? x : floats{};
    const floats shifted = x * 1.44269504f + rounder;
    integers power;
    std::memcpy(&power, &shifted, sizeof(power));
    power <<= 23;
    const floats n = shifted - rounder;
    const floats r = x - n * ln2_high - n * ln2_low;
    floats sum = r * (1.0f / 5040) + 1.0f / 720;
    sum = sum * r + 1.0f / 120;
    sum = sum * r + 1.0f / 24;
    sum = sum * r + 1.0f / 6;
    sum = sum * r + 0.5f;
    sum = sum * r * r + r + 1.0f;
    integers bits;
    std::memcpy(&bits, &sum, sizeof(bits));
    bits += power;
    bits &= counts;
    std::memcpy(&x, &bits, sizeof(x));
}

} // namespace

CW_KERNEL void cw::exponentials(const float * values, size_t count, float shift, float * out) {
    for (size_t index = 0; index < count; index += width) {
        const size_t part = count - index < width ? count - index : width;
        floats x;
        load(x, values + index, part);
        x -= shift;
        exponential(x);
        std::memcpy(out + index, &x, part * sizeof(float));
    }
}

CW_KERNEL double cw::exponential_sum(const float * values, size_t count, float shift) {
    doubles sums = {};
    for (size_t index = 0; index < count; index += width) {
        floats x;
        load(x, values + index, count - index);
        x -= shift;
        exponential(x);
        sums += __builtin_convertvector(x, doubles);
    }
    double sum = 0;
    for (size_t lane = 0; lane < width; lane++) { sum += sums[lane]; }
    return sum;
}

CW_KERNEL float cw::largest(const float * values, size_t count) {
    floats most = -INFINITY - floats{};
    for (size_t index = 0; index < count; index += width) {
        floats x;
        load(x, values + index, count - index);
        const integers is_more = x > most;
        most = is_more ? x : most;
    }
    float result = -INFINITY;
    for (size_t lane = 0; lane < width; lane++) { result = most[lane] > result ? most[lane] : result; }
    return result;
}
