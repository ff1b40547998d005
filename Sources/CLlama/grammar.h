#ifndef CL_GRAMMAR_IMPL_H
#define CL_GRAMMAR_IMPL_H

#include "cl_grammar.h"

#include "grammar_state.h"

#include <regex>
#include <string>
#include <vector>

namespace cl {

// What makes a lazy grammar begin.
struct grammar_triggers {
    struct pattern {
        std::regex expression;
        bool is_anchored;
    };

    std::vector<std::string> words;
    std::vector<pattern> patterns;
    std::vector<int32_t> tokens;
};

// What one answer has to go along with. Belongs to one thread at a time.
class answer_grammar {
public:
    answer_grammar(grammar_state state, std::shared_ptr<const grammar_triggers> triggers, bool is_lazy)
        : state(std::move(state)), triggers(std::move(triggers)), is_waiting(is_lazy) {}

    // Whether every token may come.
    bool is_free() const { return is_waiting; }
    bool allows(int32_t token) { return is_waiting || state.allows(token); }
    // Not while it is free.
    const grammar_state::token_mask & allowed() { return state.allowed(); }
    bool may_end() const { return is_waiting || state.may_end(); }
    // Takes in a token that it allows. False where it does not.
    bool accept(int32_t token, std::string_view bytes);

private:
    // Text that came before a trigger, as far back as one may begin.
    struct heard_token {
        int32_t token;
        size_t end; // in the text
    };

    size_t find_trigger(size_t old_length) const;
    void begin_at(size_t place);
    void forget_beginning();

    grammar_state state;
    std::shared_ptr<const grammar_triggers> triggers;
    bool is_waiting;
    std::string heard;
    std::vector<heard_token> heard_tokens;
    bool has_forgotten = false;
};

} // namespace cl

struct cl_grammar {
    std::shared_ptr<const cl::vocabulary_text> vocabulary;
    std::shared_ptr<const cl::grammar_triggers> triggers;
    bool is_lazy;
    cl::grammar_state start;

    cl::answer_grammar answer() const { return {start, triggers, is_lazy}; }
};

#endif
