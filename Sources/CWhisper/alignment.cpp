#include "alignment.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace {

constexpr int filter_width = 7;

// Of a row, its ends reflected; a row too short for that stays as it is.
void median_filter(std::vector<float> & row, std::vector<float> & scratch) {
    const int count = (int) row.size(), half = filter_width / 2;
    if (count <= half) { return; }
    scratch = row;
    float window[filter_width];
    for (int index = 0; index < count; index++) {
        for (int offset = -half; offset <= half; offset++) {
            int from = std::abs(index + offset);
            if (from >= count) { from = 2 * (count - 1) - from; }
            window[offset + half] = scratch[from];
        }
        std::nth_element(window, window + half, window + filter_width);
        row[index] = window[half];
    }
}

// The cheapest path through a matrix of costs; for each row, the first column that it passes.
std::vector<int> warp(const std::vector<float> & costs, int rows, int columns) {
    const auto at = [columns](int row, int column) { return (size_t) row * (columns + 1) + column; };
    std::vector<float> sums((size_t) (rows + 1) * (columns + 1), INFINITY);
    std::vector<uint8_t> steps(sums.size(), 0);
    sums[0] = 0;
    for (int column = 1; column <= columns; column++) {
        for (int row = 1; row <= rows; row++) {
            const float both = sums[at(row - 1, column - 1)], down = sums[at(row - 1, column)], right = sums[at(row, column - 1)];
            const uint8_t step = both < down && both < right ? 0 : down < both && down < right ? 1 : 2;
            const float least = step == 0 ? both : step == 1 ? down : right;
            sums[at(row, column)] = costs[(size_t) (row - 1) * columns + (column - 1)] + least;
            steps[at(row, column)] = step;
        }
    }
    std::vector<int> first((size_t) rows, 0);
    int row = rows, column = columns;
    while (row > 0 && column > 0) {
        first[row - 1] = column - 1;
        const uint8_t step = steps[at(row, column)];
        if (step != 2) { row -= 1; }
        if (step != 1) { column -= 1; }
    }
    return first;
}

} // namespace

std::vector<int> cw::align(
    const std::vector<float> & weights, int heads, int positions, int tokens, int used_positions, int first, int count
) {
    std::vector<float> costs((size_t) count * used_positions, 0.0f), scratch;
    std::vector<float> head((size_t) tokens * used_positions), row((size_t) used_positions);
    for (int index = 0; index < heads; index++) {
        const float * from = weights.data() + (size_t) index * positions * tokens;
        for (int token = 0; token < tokens; token++) {
            // The softmax over the positions that are used, of one over all.
            float sum = 0;
            for (int position = 0; position < used_positions; position++) { sum += from[(size_t) position * tokens + token]; }
            const float scale = sum > 0 ? 1 / sum : 0;
            for (int position = 0; position < used_positions; position++) {
                head[(size_t) token * used_positions + position] = from[(size_t) position * tokens + token] * scale;
            }
        }
        for (int position = 0; position < used_positions; position++) {
            double sum = 0, squares = 0;
            for (int token = 0; token < tokens; token++) {
                const double value = head[(size_t) token * used_positions + position];
                sum += value;
                squares += value * value;
            }
            const double mean = sum / tokens;
            const double deviation = std::sqrt(std::max(squares / tokens - mean * mean, 1e-18));
            for (int token = 0; token < tokens; token++) {
                float & value = head[(size_t) token * used_positions + position];
                value = (float) ((value - mean) / deviation);
            }
        }
        for (int token = 0; token < count; token++) {
            const float * begin = head.data() + (size_t) (first + token) * used_positions;
            row.assign(begin, begin + used_positions);
            median_filter(row, scratch);
            for (int position = 0; position < used_positions; position++) {
                costs[(size_t) token * used_positions + position] -= row[position] / (float) heads;
            }
        }
    }
    return warp(costs, count, used_positions);
}
