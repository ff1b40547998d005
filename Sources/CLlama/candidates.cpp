#include "candidates.h"

#include <algorithm>
#include <cmath>

namespace {

bool comes_before(const cl::candidate & left, const cl::candidate & right) {
    return left.logit > right.logit || (left.logit == right.logit && left.token < right.token);
}

} // namespace

// Writes each token and moves on after those that stay, which costs no branch.
void cl::candidate_set::gather(const logit_row & row, float least) {
    const float * logits = row.logits();
    size_t found = 0;
    for (size_t block = 0; block < row.block_maxima().size(); ++block) {
        if (!(row.block_maxima()[block] >= least)) { continue; }
        const size_t begin = block * logit_row::block_length;
        const size_t end = std::min(begin + logit_row::block_length, row.count());
        if (tokens.size() < found + logit_row::block_length) {
            tokens.resize(2 * found + logit_row::block_length);
        }
        candidate * next = tokens.data() + found;
        for (size_t token = begin; token < end; ++token) {
            next->logit = logits[token];
            next->token = (int32_t) token;
            next += logits[token] >= least ? 1 : 0; // false for NaN
        }
        found = next - tokens.data();
    }
    tokens.resize(found);
}

float cl::candidate_set::max() const {
    float most = -INFINITY;
    for (const candidate & each : tokens) { most = std::max(most, each.logit); }
    return most;
}

void cl::candidate_set::cut_after(const candidate & last) {
    tokens.erase(
        std::remove_if(tokens.begin(), tokens.end(), [&](const candidate & each) { return comes_before(last, each); }),
        tokens.end());
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
    if (tokens.size() <= k) { return; }
    partitioned = tokens;
    std::nth_element(partitioned.begin(), partitioned.begin() + (k - 1), partitioned.end(), comes_before);
    cut_after(partitioned[k - 1]);
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
    for (candidate & each : tokens) { each.mass = std::exp((double) each.logit - row.max()); }
    keep_mass(p * sums.all);
}

void cl::candidate_set::take_min_p(const logit_row & row, float p) {
    // The likeliest stays whatever p is.
    gather(row, std::min(row.max(), row.max() + std::log(p)));
}

void cl::candidate_set::keep_top_p(float p) {
    const float most = max();
    double all = 0;
    for (candidate & each : tokens) {
        each.mass = std::exp((double) each.logit - most);
        all += each.mass;
    }
    keep_mass(p * all);
}

void cl::candidate_set::keep_min_p(float p) {
    const float most = max();
    const float least = std::min(most, most + std::log(p));
    tokens.erase(
        std::remove_if(tokens.begin(), tokens.end(), [&](const candidate & each) { return each.logit < least; }),
        tokens.end());
}

// Keeps the fewest likeliest tokens that weigh so much together. Where the last of them lies in the order of
// likelihood is found by halving, so that nothing is sorted.
void cl::candidate_set::keep_mass(double mass) {
    partitioned = tokens;
    auto begin = partitioned.begin();
    auto end = partitioned.end();
    while (end - begin > 1) {
        const auto middle = begin + (end - begin) / 2;
        std::nth_element(begin, middle, end, comes_before);
        double upper = 0;
        for (auto each = begin; each != middle; ++each) { upper += each->mass; }
        if (upper >= mass) {
            end = middle;
        } else {
            mass -= upper;
            begin = middle;
        }
    }
    cut_after(*begin);
}

int32_t cl::candidate_set::choose(float temperature, double point) {
    const float most = max();
    double all = 0;
    for (candidate & each : tokens) {
        each.mass = std::exp(((double) each.logit - most) / temperature);
        all += each.mass;
    }
    const double target = point * all;
    double sum = 0;
    int32_t chosen = tokens.front().token;
    for (const candidate & each : tokens) {
        if (each.mass == 0) { continue; }
        chosen = each.token;
        sum += each.mass;
        if (sum > target) { break; }
    }
    return chosen;
}

// Finds the block in which the sum passes the point, then the token there.
int32_t cl::choose_from_all(const logit_row & row, float temperature, double point) {
    thread_local std::vector<float> masses;
    const float scale = 1 / temperature;
    double left = point * block_masses(row, scale, masses);
    size_t chosen_block = 0;
    for (size_t block = 0; block < masses.size(); ++block) {
        if (masses[block] == 0) { continue; }
        chosen_block = block;
        if (left < masses[block]) { break; }
        left -= masses[block];
    }
    float each[logit_row::block_length];
    masses_of_block(row, chosen_block, scale, each);
    size_t chosen = 0;
    for (size_t place = 0; place < logit_row::block_length; ++place) {
        if (each[place] == 0) { continue; }
        chosen = place;
        if (left < each[place]) { break; }
        left -= each[place];
    }
    return (int32_t) (chosen_block * logit_row::block_length + chosen);
}
