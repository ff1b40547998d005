#include "logit_rows.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

// Each kernel is compiled for several kinds of CPU; which one runs is decided when the program is loaded. Mach-O has no
// such thing, and 64-bit ARM needs none. The thread sanitizer is not there yet when that is decided.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define CL_KERNEL __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CL_KERNEL
#endif
#define CL_INLINE static inline __attribute__((always_inline))

#pragma clang fp contract(off)

namespace {

constexpr size_t width = 16;
constexpr size_t block_length = cl::logit_row::block_length;
static_assert(block_length % width == 0, "a block is a whole number of vectors");

// The compiler splits these into as many registers as the CPU needs.
typedef float floats __attribute__((vector_size(width * sizeof(float))));
typedef uint32_t integers __attribute__((vector_size(width * sizeof(uint32_t)))); // wrap around

CL_INLINE void load(floats & vector, const float * place) {
    std::memcpy(&vector, place, sizeof(vector));
}

CL_INLINE void fill(floats & vector, float value) {
    vector = value - floats{};
}

CL_INLINE void add_lanes(const floats & vector, float & sum) {
    float lanes[width];
    std::memcpy(lanes, &vector, sizeof(lanes));
    for (size_t step = width / 2; step > 0; step /= 2) {
        for (size_t lane = 0; lane < step; ++lane) { lanes[lane] += lanes[lane + step]; }
    }
    sum = lanes[0];
}

// e^x for x <= 0, within two units of the last place; 0 below -87, where floats lose their precision, and for NaN.
//
// e^x = 2^n e^r with n the integer next to x / ln 2, and e^r by its Taylor polynomial, |r| <= ln 2 / 2. Adding 1.5 * 2^23
// rounds to an integer and leaves it in the low bits.
CL_INLINE void exponential(floats & x) {
    constexpr float rounder = 12582912.0f;
    constexpr float ln2_high = 0.693359375f; // few bits, so that its product with n is exact
    constexpr float ln2_low = -2.12194440e-4f;
    floats shift;
    fill(shift, rounder);
    const floats shifted = x * 1.44269504088896341f + shift;
    const floats n = shifted - shift;
    const floats r = (x - n * ln2_high) - n * ln2_low;
    floats p = r * (1.0f / 720) + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    const integers power = ((integers) shifted - (integers) shift) << 23;
    const floats result = (floats) ((integers) p + power);
    x = (floats) ((integers) result & (integers) (x > -87.0f));
}

// The largest of each of `blocks` whole blocks.
CL_KERNEL void take_maxima(const float * logits, size_t blocks, float * maxima) {
    for (size_t block = 0; block < blocks; ++block, logits += block_length) {
        floats most;
        fill(most, -INFINITY);
        for (size_t place = 0; place < block_length; place += width) {
            floats x;
            load(x, logits + place);
            most = x > most ? x : most; // false for NaN
        }
        float lanes[width];
        std::memcpy(lanes, &most, sizeof(lanes));
        for (size_t step = width / 2; step > 0; step /= 2) {
            for (size_t lane = 0; lane < step; ++lane) {
                lanes[lane] = lanes[lane] > lanes[lane + step] ? lanes[lane] : lanes[lane + step];
            }
        }
        maxima[block] = lanes[0];
    }
}

CL_KERNEL void take_masses(const float * logits, size_t blocks, float max, float scale, float * masses) {
    for (size_t block = 0; block < blocks; ++block, logits += block_length) {
        floats sum = {};
        for (size_t place = 0; place < block_length; place += width) {
            floats x;
            load(x, logits + place);
            x = (x - max) * scale;
            exponential(x);
            sum += x;
        }
        add_lanes(sum, masses[block]);
    }
}

CL_KERNEL void take_each_mass(const float * logits, size_t blocks, float max, float scale, float * masses) {
    for (size_t place = 0; place < blocks * block_length; place += width) {
        floats x;
        load(x, logits + place);
        x = (x - max) * scale;
        exponential(x);
        std::memcpy(masses + place, &x, sizeof(x));
    }
}

// Sets parts to what the logits within each distance weigh, of those blocks that hold one within the longest.
CL_KERNEL void take_nested_masses(const float * logits, size_t blocks, const float * maxima, float max, float * parts) {
    constexpr auto & distances = cl::nested_masses::distances;
    floats sums[distances.size()] = {};
    for (size_t block = 0; block < blocks; ++block, logits += block_length) {
        if (maxima[block] < max - distances.back()) { continue; }
        for (size_t place = 0; place < block_length; place += width) {
            floats x;
            load(x, logits + place);
            floats mass = x - max;
            exponential(mass);
            for (size_t part = 0; part < distances.size(); ++part) {
                sums[part] += (floats) ((integers) mass & (integers) (x >= max - distances[part]));
            }
        }
    }
    for (size_t part = 0; part < distances.size(); ++part) { add_lanes(sums[part], parts[part]); }
}

// A row's last block, filled up with logits that weigh nothing.
struct last_block {
    float logits[block_length];
    bool exists;

    last_block(const float * row, size_t count) : exists(count % block_length != 0) {
        const float * end = row + count;
        std::fill(std::copy(end - count % block_length, end, logits), std::end(logits), -INFINITY);
    }
};

} // namespace

cl::logit_row::logit_row(const float * logits, size_t count, std::vector<float> & maxima_buffer)
    : values(logits), size(count), maxima(maxima_buffer), largest(-INFINITY) {
    const last_block last(logits, count);
    const size_t whole = count / block_length;
    maxima.resize(whole + last.exists);
    take_maxima(logits, whole, maxima.data());
    if (last.exists) { take_maxima(last.logits, 1, &maxima[whole]); }
    for (const float most : maxima) { largest = std::max(largest, most); }
}

size_t cl::logit_row::first_max() const {
    const size_t block = std::find(maxima.begin(), maxima.end(), largest) - maxima.begin();
    return std::find(values + block * block_length, values + size, largest) - values;
}

double cl::block_masses(const logit_row & row, float scale, std::vector<float> & masses) {
    const last_block last(row.logits(), row.count());
    const size_t whole = row.count() / block_length;
    masses.resize(whole + last.exists);
    take_masses(row.logits(), whole, row.max(), scale, masses.data());
    if (last.exists) { take_masses(last.logits, 1, row.max(), scale, &masses[whole]); }
    double all = 0;
    for (const float mass : masses) { all += mass; }
    return all;
}

void cl::each_mass(const float * logits, size_t count, float max, float scale, float * masses) {
    const size_t whole = count / block_length;
    take_each_mass(logits, whole, max, scale, masses);
    const last_block last(logits, count);
    if (!last.exists) { return; }
    float rest[block_length];
    take_each_mass(last.logits, 1, max, scale, rest);
    std::copy_n(rest, count % block_length, masses + whole * block_length);
}

cl::nested_masses cl::sum_nested(const logit_row & row) {
    thread_local std::vector<float> masses;
    nested_masses sums = {};
    sums.all = block_masses(row, 1, masses);
    // A few hundred blocks at a time, so that single precision does for the sums.
    constexpr size_t stretch = 256;
    const auto add = [&](const float * logits, size_t blocks, const float * maxima) {
        float parts[nested_masses::distances.size()];
        take_nested_masses(logits, blocks, maxima, row.max(), parts);
        for (size_t part = 0; part < sums.parts.size(); ++part) { sums.parts[part] += parts[part]; }
    };
    const size_t whole = row.count() / block_length;
    for (size_t block = 0; block < whole; block += stretch) {
        add(row.logits() + block * block_length, std::min(stretch, whole - block), &row.block_maxima()[block]);
    }
    const last_block last(row.logits(), row.count());
    if (last.exists) { add(last.logits, 1, &row.block_maxima()[whole]); }
    return sums;
}
