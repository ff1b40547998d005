#include "grammar_parser.h"

#include <algorithm>
#include <limits>

namespace {

constexpr int deepest_nesting = 128;
constexpr size_t most_elements = 256 * 1024;
constexpr size_t longest_token_name = 128;
constexpr uint32_t unlimited = std::numeric_limits<uint32_t>::max();

bool is_digit(char character) { return character >= '0' && character <= '9'; }

bool is_word(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || character == '-' ||
           is_digit(character);
}

} // namespace

void cl::grammar_parser::fail(const std::string & what) const {
    const size_t end = std::min(place, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + (ptrdiff_t) end, '\n');
    throw grammar_error("line " + std::to_string(line) + " of the grammar: " + what);
}

void cl::grammar_parser::skip_space(bool newlines) {
    while (place < text.size()) {
        const char next = text[place];
        if (next == '#') {
            while (place < text.size() && text[place] != '\r' && text[place] != '\n') { ++place; }
        } else if (next == ' ' || next == '\t' || (newlines && (next == '\r' || next == '\n'))) {
            ++place;
        } else {
            return;
        }
    }
}

std::string_view cl::grammar_parser::name() {
    const size_t begin = place;
    while (is_word(peek())) { ++place; }
    if (place == begin) { fail("a name is missing"); }
    return text.substr(begin, place - begin);
}

uint32_t cl::grammar_parser::number() {
    if (!is_digit(peek())) { fail("a number is missing"); }
    uint64_t value = 0;
    for (; is_digit(peek()); ++place) { value = std::min<uint64_t>(value * 10 + (uint64_t) (peek() - '0'), unlimited - 1); }
    return (uint32_t) value;
}

uint32_t cl::grammar_parser::hex(int digits) {
    uint32_t value = 0;
    for (int digit = 0; digit < digits; ++digit, ++place) {
        const char next = peek();
        if (is_digit(next)) {
            value = value << 4 | (uint32_t) (next - '0');
        } else if (next >= 'a' && next <= 'f') {
            value = value << 4 | (uint32_t) (next - 'a' + 10);
        } else if (next >= 'A' && next <= 'F') {
            value = value << 4 | (uint32_t) (next - 'A' + 10);
        } else {
            fail("an escape has too few hexadecimal digits");
        }
    }
    return value;
}

// One code point, written out or escaped. The text is UTF-8.
uint32_t cl::grammar_parser::character() {
    if (place >= text.size()) { fail("it ends within a text or a class of characters"); }
    if (peek() == '\\') {
        const char escape = peek(1);
        place += 2;
        switch (escape) {
        case 'x': return hex(2);
        case 'u': return hex(4);
        case 'U': return hex(8);
        case 't': return '\t';
        case 'r': return '\r';
        case 'n': return '\n';
        case '\\': case '"': case '[': case ']': case '-': return (unsigned char) escape;
        default: fail("an unknown escape");
        }
    }
    const auto first = (unsigned char) text[place++];
    const int more = first < 0xC0 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    uint32_t value = more == 0 ? first : first & (0x3Fu >> more);
    for (int byte = 0; byte < more && (peek() & 0xC0) == 0x80; ++byte) { value = value << 6 | ((unsigned char) text[place++] & 0x3F); }
    return value;
}

// <[number]>, or <name> of one token.
uint32_t cl::grammar_parser::token() {
    const size_t begin = place;
    if (peek() != '<') { fail("a token, such as <name> or <[number]>, is missing"); }
    ++place;
    if (peek() == '[') {
        ++place;
        const uint32_t id = number();
        if (peek() != ']' || peek(1) != '>') { fail("]> is missing behind the number of a token"); }
        place += 2;
        if (id >= (uint32_t) llama_vocab_n_tokens(vocabulary)) { fail("the vocabulary has no token " + std::to_string(id)); }
        return id;
    }
    while (place < text.size() && peek() != '>') { ++place; }
    if (place >= text.size()) { fail("> is missing behind the name of a token"); }
    ++place;
    const std::string_view written = text.substr(begin, place - begin);
    llama_token tokens[2];
    const int32_t found = written.size() > longest_token_name
                              ? 0
                              : llama_tokenize(vocabulary, written.data(), (int32_t) written.size(), tokens, 2, false, true);
    if (found != 1) { fail("the vocabulary has no token " + std::string(written.substr(0, longest_token_name))); }
    return (uint32_t) tokens[0];
}

uint32_t cl::grammar_parser::new_rule() {
    if (rules.size() >= most_elements) { fail("the grammar is too large"); }
    rules.emplace_back();
    return (uint32_t) rules.size() - 1;
}

uint32_t cl::grammar_parser::rule_named(std::string_view name) {
    const auto known = names.find(name);
    if (known != names.end()) { return known->second; }
    const uint32_t number = new_rule();
    names.emplace(std::string(name), number);
    return number;
}

void cl::grammar_parser::set_rule(uint32_t number, rule elements) {
    elements.push_back({grammar_element::end});
    rules[number] = std::move(elements);
}

void cl::grammar_parser::push(rule & elements, grammar_element element) {
    if (++count > most_elements) { fail("the grammar is too large"); }
    elements.push_back(element);
}

void cl::grammar_parser::parse() {
    if (text.find('\0') != std::string_view::npos) { throw grammar_error("the grammar holds a NUL character"); }
    skip_space(true);
    while (place < text.size()) { parse_rule(); }
    for (const auto & [name, number] : names) {
        if (rules[number].empty()) { throw grammar_error("the grammar does not define '" + name.substr(0, 128) + "'"); }
    }
}

void cl::grammar_parser::parse_rule() {
    const uint32_t number = rule_named(name());
    skip_space(false);
    if (peek() != ':' || peek(1) != ':' || peek(2) != '=') { fail("::= is missing"); }
    place += 3;
    skip_space(true);
    set_rule(number, parse_alternatives(false));
    if (place < text.size() && peek() != '\r' && peek() != '\n') { fail("the end of the line is missing, or of the grammar"); }
    skip_space(true);
}

cl::grammar_parser::rule cl::grammar_parser::parse_alternatives(bool nested) {
    rule elements;
    parse_sequence(elements, nested);
    while (peek() == '|') {
        push(elements, {grammar_element::alternative});
        ++place;
        skip_space(true);
        parse_sequence(elements, nested);
    }
    return elements;
}

void cl::grammar_parser::parse_sequence(rule & elements, bool nested) {
    size_t begin = elements.size(); // of what a repetition is about
    while (place < text.size()) {
        uint32_t least = 0;
        uint32_t most = unlimited;
        switch (peek()) {
        case '"':
            begin = elements.size();
            parse_literal(elements);
            break;
        case '[':
            begin = elements.size();
            parse_class(elements);
            break;
        case '<': case '!': {
            begin = elements.size();
            const bool is_not = peek() == '!';
            place += is_not ? 1 : 0;
            push(elements, {is_not ? grammar_element::not_token : grammar_element::token, token()});
            break;
        }
        case '(': {
            if (++depth > deepest_nesting) { fail("parentheses are nested too deeply"); }
            ++place;
            skip_space(true);
            const uint32_t number = new_rule();
            set_rule(number, parse_alternatives(true));
            begin = elements.size();
            push(elements, {grammar_element::rule, number});
            if (peek() != ')') { fail(") is missing"); }
            ++place;
            --depth;
            break;
        }
        case '.':
            begin = elements.size();
            push(elements, {grammar_element::any});
            ++place;
            break;
        case '*': case '+': case '?':
            least = peek() == '+' ? 1 : 0;
            most = peek() == '?' ? 1 : unlimited;
            ++place;
            repeat(elements, begin, least, most);
            break;
        case '{':
            parse_counts(least, most);
            repeat(elements, begin, least, most);
            break;
        default:
            if (!is_word(peek())) { return; }
            begin = elements.size();
            push(elements, {grammar_element::rule, rule_named(name())});
        }
        skip_space(nested);
    }
}

void cl::grammar_parser::parse_literal(rule & elements) {
    ++place;
    while (peek() != '"') { push(elements, {grammar_element::character, character()}); }
    ++place;
}

void cl::grammar_parser::parse_class(rule & elements) {
    ++place;
    const bool is_not = peek() == '^';
    place += is_not ? 1 : 0;
    const size_t begin = ranges.size();
    while (peek() != ']') {
        const uint32_t first = character();
        uint32_t last = first;
        if (peek() == '-' && peek(1) != ']') {
            ++place;
            last = character();
            if (last < first) { fail("a range of characters ends before it begins"); }
        }
        if (++count > most_elements) { fail("the grammar is too large"); }
        ranges.push_back({first, last});
    }
    ++place;
    // As in llama.cpp, an empty class is nothing at all.
    if (ranges.size() == begin) { return; }
    merge_ranges(begin);
    push(
        elements, {is_not ? grammar_element::none_of : grammar_element::one_of, (uint32_t) begin,
                   (uint32_t) (ranges.size() - begin)});
}

// Puts the ranges from begin on in order, and those that touch together.
void cl::grammar_parser::merge_ranges(size_t begin) {
    const auto first = ranges.begin() + (ptrdiff_t) begin;
    std::sort(first, ranges.end(), [](const character_range & left, const character_range & right) {
        return left.first < right.first;
    });
    size_t merged = begin;
    for (size_t next = begin + 1; next < ranges.size(); ++next) {
        if (ranges[next].first <= (uint64_t) ranges[merged].last + 1) {
            ranges[merged].last = std::max(ranges[merged].last, ranges[next].last);
        } else {
            ranges[++merged] = ranges[next];
        }
    }
    ranges.resize(merged + 1);
}

// {n}, {n,} or {n,m}
void cl::grammar_parser::parse_counts(uint32_t & least, uint32_t & most) {
    ++place;
    skip_space(false);
    least = most = number();
    skip_space(false);
    if (peek() == ',') {
        ++place;
        skip_space(false);
        most = is_digit(peek()) ? number() : unlimited;
        skip_space(false);
    }
    if (peek() != '}') { fail("} is missing"); }
    ++place;
    if (most < least) { fail("a repetition's upper bound is below its lower one"); }
}

// The elements from begin on, so many times: as often as they have to come, then a rule for the rest, in which each
// further time is within the one before it.
void cl::grammar_parser::repeat(rule & elements, size_t begin, uint32_t least, uint32_t most) {
    if (begin >= elements.size()) { fail("there is nothing before a repetition"); }
    rule once(elements.begin() + (ptrdiff_t) begin, elements.end());
    elements.resize(begin);
    if (most == 0) { return; }
    if (once.size() > 1) {
        const uint32_t number = new_rule();
        set_rule(number, std::move(once));
        once = {{grammar_element::rule, number}};
    }
    for (uint32_t time = 0; time < least; ++time) { push(elements, once[0]); }
    if (most == least) { return; }
    uint32_t rest = new_rule();
    const uint32_t times = most == unlimited ? 1 : most - least;
    for (uint32_t time = 0; time < times; ++time) {
        rule optional;
        push(optional, once[0]);
        const uint32_t number = time == 0 ? rest : new_rule();
        if (most == unlimited) {
            push(optional, {grammar_element::rule, number});
        } else if (time > 0) {
            push(optional, {grammar_element::rule, rest});
        }
        push(optional, {grammar_element::alternative});
        set_rule(number, std::move(optional));
        rest = number;
    }
    push(elements, {grammar_element::rule, rest});
}
