#include "candidates.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

// Writes each token and moves on after those that stay, which costs no branch.
void cl::candidate_set::gather(const logit_row & row, float least) {
    const float * all = row.logits();
    max = row.max();
    count = 0;
    for (size_t block = 0; block < row.block_maxima().size(); ++block) {
        if (!(row.block_maxima()[block] >= least)) { continue; }
        if (tokens.size() < count + logit_row::block_length) {
            tokens.resize(2 * count + logit_row::block_length);
            logits.resize(tokens.size());
        }
        const size_t begin = block * logit_row::block_length;
        const size_t end = std::min(begin + logit_row::block_length, row.count());
        for (size_t token = begin; token < end; ++token) {
            logits[count] = all[token];
            tokens[count] = (int32_t) token;
            count += all[token] >= least ? 1 : 0; // false for NaN
        }
    }
    masses.resize(tokens.size());
}

double cl::candidate_set::weigh(float scale) {
    each_mass(logits.data(), count, max, scale, masses.data());
    double all = 0;
    for (size_t place = 0; place < count; ++place) { all += masses[place]; }
    return all;
}

// Stays is asked in order, by place.
template <typename Stays> void cl::candidate_set::keep(Stays stays) {
    size_t kept = 0;
    for (size_t place = 0; place < count; ++place) {
        const bool does_stay = stays(place);
        logits[kept] = logits[place];
        tokens[kept] = tokens[place];
        kept += does_stay ? 1 : 0;
    }
    count = kept;
}

// Keeps the fewest likeliest tokens that weigh so much together.
//
// Nothing is sorted but the one bucket of close logits in which the sum reaches the mass.
void cl::candidate_set::keep_mass(double mass) {
    constexpr size_t buckets = 256;
    float least = max;
    for (size_t place = 0; place < count; ++place) {
        if (logits[place] > -INFINITY) { least = std::min(least, logits[place]); }
    }
    const float scale = least < max ? (float) (buckets - 1) / (max - least) : 0;
    // Falls with the logit, step by step; -inf comes last.
    const auto bucket = [&](size_t place) {
        return logits[place] > -INFINITY ? std::min((size_t) ((max - logits[place]) * scale), buckets - 1) : buckets - 1;
    };
    std::array<double, buckets> sums = {};
    for (size_t place = 0; place < count; ++place) { sums[bucket(place)] += masses[place]; }
    size_t last = 0;
    double before = 0; // the mass of the buckets before the last
    while (last + 1 < buckets && before + sums[last] < mass) { before += sums[last++]; }

    boundary.clear();
    for (size_t place = 0; place < count; ++place) {
        if (bucket(place) == last) { boundary.push_back(place); }
    }
    std::sort(boundary.begin(), boundary.end(), [&](size_t left, size_t right) {
        return logits[left] > logits[right] || (logits[left] == logits[right] && left < right);
    });
    size_t kept = 0;
    while (kept < boundary.size()) {
        before += masses[boundary[kept++]];
        if (before >= mass) { break; }
    }
    if (kept == 0) { return; } // the bucket is empty: the sum does not reach the mass, for rounding
    const float edge = logits[boundary[kept - 1]];
    const size_t edge_place = boundary[kept - 1];
    keep([&](size_t place) { return logits[place] > edge || (logits[place] == edge && place <= edge_place); });
}

// Each of the k largest block maxima is a logit: the k-th largest logit is none below them.
void cl::candidate_set::take_top_k(const logit_row & row, size_t k) {
    float least = -INFINITY;
    if (k <= row.block_maxima().size()) {
        maxima = row.block_maxima();
        std::nth_element(maxima.begin(), maxima.begin() + (k - 1), maxima.end(), std::greater<>());
        least = maxima[k - 1];
    }
    gather(row, least);
    if (count <= k) { return; }
    std::fill_n(masses.begin(), count, 1.0f);
    keep_mass((double) k);
}

void cl::candidate_set::take_top_p(const logit_row & row, float p) {
    const nested_masses sums = sum_nested(row);
    float least = -INFINITY;
    for (size_t part = 0; part < sums.parts.size(); ++part) {
        if (sums.parts[part] >= p * sums.all) {
            least = row.max() - nested_masses::distances[part];
            break;
        }
    }
    gather(row, least);
    weigh(1);
    keep_mass(p * sums.all);
}

void cl::candidate_set::take_min_p(const logit_row & row, float p) {
    // The likeliest stays whatever p is.
    gather(row, std::min(row.max(), row.max() + std::log(p)));
}

void cl::candidate_set::keep_top_p(float p) {
    keep_mass(p * weigh(1));
}

void cl::candidate_set::keep_min_p(float p) {
    const float least = std::min(max, max + std::log(p));
    keep([&](size_t place) { return logits[place] >= least; });
}

void cl::candidate_set::sort_into(std::vector<candidate> & sorted) const {
    sorted.clear();
    for (size_t place = 0; place < count; ++place) { sorted.push_back({tokens[place], logits[place]}); }
    std::sort(sorted.begin(), sorted.end(), [](const candidate & left, const candidate & right) {
        return left.logit > right.logit || (left.logit == right.logit && left.token < right.token);
    });
}

void cl::candidate_set::tell(float temperature, std::vector<candidate> & logprobs) {
    const float scale = 1 / temperature;
    const double shift = std::log(weigh(scale));
    logprobs.clear();
    for (size_t place = 0; place < count; ++place) {
        logprobs.push_back({tokens[place], (float) ((double) (logits[place] - max) * scale - shift)});
    }
}

int32_t cl::candidate_set::choose(float temperature, double point) {
    double left = point * weigh(1 / temperature);
    size_t chosen = 0;
    for (size_t place = 0; place < count; ++place) {
        if (masses[place] == 0) { continue; }
        chosen = place;
        if (left < masses[place]) { break; }
        left -= masses[place];
    }
    return tokens[chosen];
}

// Finds the block in which the sum passes the point, then the token there.
int32_t cl::choose_from_all(const logit_row & row, float temperature, double point) {
    thread_local std::vector<float> masses;
    const float scale = 1 / temperature;
    double left = point * block_masses(row, scale, masses);
    size_t begin = 0;
    for (size_t block = 0; block < masses.size(); ++block) {
        if (masses[block] == 0) { continue; }
        begin = block * logit_row::block_length;
        if (left < masses[block]) { break; }
        left -= masses[block];
    }
    const size_t length = std::min(logit_row::block_length, row.count() - begin);
    float each[logit_row::block_length];
    each_mass(row.logits() + begin, length, row.max(), scale, each);
    size_t chosen = begin;
    for (size_t place = 0; place < length; ++place) {
        if (each[place] == 0) { continue; }
        chosen = begin + place;
        if (left < each[place]) { break; }
        left -= each[place];
    }
    return (int32_t) chosen;
}
