// A grammar as rules: read from GBNF, and checked so that following it comes to an end.

#ifndef CL_GRAMMAR_RULES_H
#define CL_GRAMMAR_RULES_H

#include "llama.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace cl {

// What is wrong with a grammar.
struct grammar_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct grammar_element {
    enum kind : uint8_t {
        end,         // of the rule
        alternative, // the next one begins behind it
        rule,        // a reference: first is the rule
        character,   // first is the code point
        one_of,      // a class of characters: first is its place among the ranges, second how many it has, apart and in order
        none_of,
        any,
        token, // first is the token
        not_token,
    };

    kind type;
    uint32_t first = 0;
    uint32_t second = 0;

    // Whether an alternative ends here.
    bool is_end() const { return type == end || type == alternative; }
    bool is_character() const { return type >= character && type <= any; }
    bool is_token() const { return type == token || type == not_token; }
};

struct character_range {
    uint32_t first;
    uint32_t last;
};

// Never changes once it is made.
class grammar_rules {
public:
    // Reads GBNF as llama.cpp does; throws grammar_error.
    grammar_rules(const llama_vocab * vocabulary, std::string_view text, std::string_view root);

    const grammar_element & operator[](uint32_t place) const { return elements[place]; }
    // The place of the first element of a rule.
    uint32_t begin(uint32_t rule) const { return begins[rule]; }
    uint32_t root() const { return root_rule; }

    // Whether an element that is a character, or a class of them, matches a code point, or any of a range of them.
    bool matches(const grammar_element & element, uint32_t character) const;
    bool matches_any(const grammar_element & element, uint32_t low, uint32_t high) const;

private:
    void check_recursion() const;
    std::vector<bool> rules_that_may_be_empty() const;

    std::vector<grammar_element> elements;
    std::vector<character_range> ranges;
    std::vector<uint32_t> begins;
    uint32_t root_rule = 0;
};

} // namespace cl

#endif
