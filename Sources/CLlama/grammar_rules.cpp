#include "grammar_rules.h"

#include "grammar_parser.h"

#include <algorithm>

namespace {

constexpr size_t longest_text = 512 * 1024;

} // namespace

cl::grammar_rules::grammar_rules(const llama_vocab * vocabulary, std::string_view text, std::string_view root) {
    if (text.size() > longest_text) { throw grammar_error("the grammar is too long"); }
    grammar_parser parser(vocabulary, text);
    parser.parse();
    const auto start = parser.names.find(root);
    if (start == parser.names.end()) {
        throw grammar_error("the grammar does not define '" + std::string(root.substr(0, 128)) + "'");
    }
    root_rule = start->second;
    ranges = std::move(parser.ranges);
    for (const auto & rule : parser.rules) {
        begins.push_back((uint32_t) elements.size());
        elements.insert(elements.end(), rule.begin(), rule.end());
    }
    check_recursion();
}

bool cl::grammar_rules::matches(const grammar_element & element, uint32_t character) const {
    return matches_any(element, character, character);
}

bool cl::grammar_rules::matches_any(const grammar_element & element, uint32_t low, uint32_t high) const {
    // The first range that does not end before them.
    const auto find = [&] {
        const auto * begin = ranges.data() + element.first;
        const auto * end = begin + element.second;
        const auto * found = std::partition_point(begin, end, [&](const character_range & range) { return range.last < low; });
        return found == end ? nullptr : found;
    };
    switch (element.type) {
    case grammar_element::any: return true;
    case grammar_element::character: return low <= element.first && element.first <= high;
    case grammar_element::one_of: {
        const character_range * range = find();
        return range != nullptr && range->first <= high;
    }
    case grammar_element::none_of: {
        const character_range * range = find();
        return range == nullptr || range->first > low || range->last < high;
    }
    default: return false;
    }
}

// A rule may be empty once all that one of its alternatives refers to may be.
std::vector<bool> cl::grammar_rules::rules_that_may_be_empty() const {
    struct sequence {
        uint32_t rule;
        uint32_t missing; // references to rules that are not known to be possibly empty
    };
    std::vector<sequence> sequences; // the alternatives without a character or token
    std::vector<std::vector<uint32_t>> uses(begins.size());
    std::vector<bool> result(begins.size());
    std::vector<uint32_t> found;
    const auto note = [&](uint32_t rule) {
        if (!result[rule]) { found.push_back(rule); }
        result[rule] = true;
    };
    for (uint32_t rule = 0; rule < begins.size(); ++rule) {
        uint32_t place = begins[rule];
        while (true) {
            const uint32_t begin = place;
            bool refers = true;
            for (; !elements[place].is_end(); ++place) { refers = refers && elements[place].type == grammar_element::rule; }
            if (refers) {
                for (uint32_t at = begin; at < place; ++at) { uses[elements[at].first].push_back((uint32_t) sequences.size()); }
                sequences.push_back({rule, place - begin});
                if (place == begin) { note(rule); }
            }
            if (elements[place].type == grammar_element::end) { break; }
            ++place;
        }
    }
    while (!found.empty()) {
        const uint32_t rule = found.back();
        found.pop_back();
        for (const uint32_t use : uses[rule]) {
            if (--sequences[use].missing == 0) { note(sequences[use].rule); }
        }
    }
    return result;
}

// A rule that begins with itself, directly or by way of others, could be followed without end. Where it only comes last,
// behind what may be empty, that adds nothing, and is left to those who follow it to notice.
void cl::grammar_rules::check_recursion() const {
    struct step {
        uint32_t to;
        bool grows;
    };
    const std::vector<bool> may_be_empty = rules_that_may_be_empty();
    std::vector<std::vector<step>> steps(begins.size());
    for (uint32_t rule = 0; rule < begins.size(); ++rule) {
        bool is_first = true;
        bool is_left = true;
        for (uint32_t place = begins[rule]; elements[place].type != grammar_element::end; ++place) {
            const grammar_element & element = elements[place];
            if (element.type == grammar_element::alternative) {
                is_first = is_left = true;
                continue;
            }
            if (is_left && element.type == grammar_element::rule) {
                steps[rule].push_back({element.first, is_first || !elements[place + 1].is_end()});
                is_left = may_be_empty[element.first];
            } else {
                is_left = false;
            }
            is_first = false;
        }
    }
    // Tarjan's strongly connected components, without recursion.
    constexpr uint32_t unseen = UINT32_MAX;
    std::vector<uint32_t> order(begins.size(), unseen), low(begins.size()), component(begins.size(), unseen);
    std::vector<uint32_t> open;
    std::vector<std::pair<uint32_t, size_t>> path;
    uint32_t next = 0;
    const auto enter = [&](uint32_t rule) {
        order[rule] = low[rule] = next++;
        open.push_back(rule);
        path.emplace_back(rule, 0);
    };
    for (uint32_t start = 0; start < begins.size(); ++start) {
        if (order[start] == unseen) { enter(start); }
        while (!path.empty()) {
            const uint32_t rule = path.back().first;
            if (path.back().second < steps[rule].size()) {
                const uint32_t to = steps[rule][path.back().second++].to;
                if (order[to] == unseen) {
                    enter(to);
                } else if (component[to] == unseen) {
                    low[rule] = std::min(low[rule], order[to]);
                }
                continue;
            }
            if (low[rule] == order[rule]) {
                uint32_t member = unseen;
                do {
                    member = open.back();
                    open.pop_back();
                    component[member] = rule;
                } while (member != rule);
            }
            path.pop_back();
            if (!path.empty()) { low[path.back().first] = std::min(low[path.back().first], low[rule]); }
        }
    }
    for (uint32_t rule = 0; rule < begins.size(); ++rule) {
        for (const step & step : steps[rule]) {
            if (step.grows && component[step.to] == component[rule]) {
                throw grammar_error("the grammar is left-recursive: a rule begins with itself");
            }
        }
    }
}
