// How far a grammar has been followed, and which tokens it goes on with.

#ifndef CL_GRAMMAR_STATE_H
#define CL_GRAMMAR_STATE_H

#include "grammar_rules.h"
#include "vocabulary_text.h"

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace cl {

// The grammar branches so much that following it takes too long.
struct grammar_overflow : grammar_error {
    grammar_overflow() : grammar_error("the grammar is too ambiguous to be followed") {}
};

// All places in a grammar at which a text may be: a set of stacks, as llama.cpp's, but kept once each and found again by
// number, so that what a character leads to is looked up where it has come up before.
//
// Bounded in memory and in the work of each call; every call may throw grammar_overflow, and is to be the last one then.
// A copy goes on by itself.
class grammar_state {
public:
    // Which tokens of the vocabulary a grammar goes on with, a bit each.
    using token_mask = std::vector<uint64_t>;

    // At the beginning. May_speak says which control tokens may stand for their text.
    grammar_state(
        std::shared_ptr<const grammar_rules> rules, std::shared_ptr<const vocabulary_text> vocabulary,
        std::shared_ptr<const std::vector<bool>> may_speak);

    // Whether the text may end here.
    bool may_end() const;
    bool allows(int32_t token);
    // Valid until the next call.
    const token_mask & allowed();

    // Goes on by a token, or by the rest of one's text; false, and no further, where the grammar does not. Control tokens
    // are read as their text, and one that ends the generation changes nothing.
    bool accept(int32_t token) { return accept(token, vocabulary->bytes(token)); }
    bool accept(int32_t token, std::string_view bytes);

private:
    static constexpr int32_t nowhere = -1;
    static constexpr int32_t unknown = -2;
    static constexpr uint32_t bottom = 0;

    // A stack: the element that comes next, and what comes after its rule.
    struct node {
        uint32_t place;
        uint32_t below;
    };

    // A set of stacks whose next elements are characters or tokens; bottom is the end of the text.
    struct place_set {
        std::vector<uint32_t> stacks; // ascending
        // The same by what comes next.
        std::vector<std::pair<uint32_t, uint32_t>> characters; // with their stacks, ascending
        std::vector<uint32_t> classes;
        std::vector<uint32_t> tokens;
        std::array<int32_t, 128> ascii; // where a character leads to, if that is known
    };

    // Within a character, its bits so far and how many bytes are missing.
    struct position {
        int32_t set;
        uint32_t partial = 0;
        uint8_t missing = 0;
        uint8_t length = 0;

        uint64_t key() const { return (uint64_t) set << 32 | (uint64_t) partial << 6 | (uint64_t) length << 3 | missing; }
    };

    uint32_t push(uint32_t place, uint32_t below);
    void expand(uint32_t stack, std::vector<uint32_t> & stacks);
    void go_on(uint32_t stack, std::vector<uint32_t> & stacks);
    int32_t keep(std::vector<uint32_t> stacks);
    int32_t after(int32_t set, uint32_t character);
    int32_t find_after(int32_t set, uint32_t character);
    int32_t after_token(int32_t set, int32_t token);
    position after_byte(position at, uint8_t byte);
    bool can_go_on(const position & at) const;
    bool is_readable(int32_t token) const;
    position walk(position at, std::string_view bytes);
    void spend(size_t work);
    void tidy();
    token_mask find_allowed();

    std::shared_ptr<const grammar_rules> rules;
    std::shared_ptr<const vocabulary_text> vocabulary;
    std::shared_ptr<const std::vector<bool>> may_speak;
    position now;

    std::vector<node> nodes;
    std::unordered_map<uint64_t, uint32_t> node_numbers;
    std::vector<place_set> sets;
    std::unordered_multimap<uint64_t, int32_t> set_numbers;
    std::unordered_map<uint64_t, int32_t> transitions; // by other than ASCII characters
    std::unordered_map<uint64_t, token_mask> masks;
    // Of the call under way.
    size_t work = 0;
    std::vector<uint32_t> todo;
    std::vector<uint32_t> seen; // by stack, the expansion that has met it last
    uint32_t expansion = 0;
};

} // namespace cl

#endif
