// Reads GBNF.

#ifndef CL_GRAMMAR_PARSER_H
#define CL_GRAMMAR_PARSER_H

#include "grammar_rules.h"

#include <map>

namespace cl {

class grammar_parser {
public:
    using rule = std::vector<grammar_element>;

    grammar_parser(const llama_vocab * vocabulary, std::string_view text) : vocabulary(vocabulary), text(text) {}

    // Throws grammar_error.
    void parse();

    std::vector<rule> rules; // by number; an empty one is not defined
    std::vector<character_range> ranges;
    std::map<std::string, uint32_t, std::less<>> names;

private:
    [[noreturn]] void fail(const std::string & what) const;
    char peek(size_t ahead = 0) const { return place + ahead < text.size() ? text[place + ahead] : '\0'; }
    void skip_space(bool newlines);
    std::string_view name();
    uint32_t number();
    uint32_t hex(int digits);
    uint32_t character();
    uint32_t token();
    uint32_t rule_named(std::string_view name);
    uint32_t new_rule();
    void set_rule(uint32_t number, rule elements);
    void push(rule & elements, grammar_element element);

    void parse_rule();
    rule parse_alternatives(bool nested);
    void parse_sequence(rule & elements, bool nested);
    void parse_literal(rule & elements);
    void parse_class(rule & elements);
    void merge_ranges(size_t begin);
    void parse_counts(uint32_t & least, uint32_t & most);
    void repeat(rule & elements, size_t begin, uint32_t least, uint32_t most);

    const llama_vocab * vocabulary;
    std::string_view text;
    size_t place = 0;
    int depth = 0;
    size_t count = 0; // of elements, in all rules and those being made
};

} // namespace cl

#endif
