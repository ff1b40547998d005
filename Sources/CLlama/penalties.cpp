#include "penalties.h"

#include <algorithm>

std::vector<cl::recent_tokens::counted>::iterator cl::recent_tokens::place(int32_t token) {
    return std::lower_bound(
        entries.begin(), entries.end(), token, [](const counted & entry, int32_t token) { return entry.token < token; });
}

void cl::recent_tokens::add(int32_t token) {
    if (window == 0) { return; }
    if (tokens.size() < window) {
        tokens.push_back(token);
    } else {
        const auto leaving = place(tokens[oldest]);
        leaving->count -= 1;
        if (leaving->count == 0) { entries.erase(leaving); }
        tokens[oldest] = token;
        oldest = (oldest + 1) % window;
    }
    const auto entry = place(token);
    if (entry != entries.end() && entry->token == token) {
        entry->count += 1;
    } else {
        entries.insert(entry, {token, 1});
    }
}
