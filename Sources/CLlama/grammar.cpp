#include "grammar.h"

#include "boundary.h"
#include "json-schema-to-grammar.h"
#include "json_depth.h"
#include "large_stack.h"
#include "model.h"
#include "text.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <mutex>

namespace {

// As far back as a pattern is looked for: std::regex recurses for every character.
constexpr size_t heard_length = 2048;
constexpr size_t most_triggers = 1024;
constexpr size_t longest_trigger = 512;

} // namespace

size_t cl::answer_grammar::find_trigger(size_t old_length) const {
    size_t first = std::string::npos;
    for (const std::string & word : triggers->words) {
        const size_t from = old_length > word.size() ? old_length - word.size() : 0;
        first = std::min(first, heard.find(word, from));
    }
    if (first != std::string::npos) { return first; }
    for (const auto & pattern : triggers->patterns) {
        if (pattern.is_anchored && has_forgotten) { continue; }
        std::smatch match;
        if (!(pattern.is_anchored && std::regex_match(heard, match, pattern.expression)) &&
            !std::regex_search(heard, match, pattern.expression)) {
            continue;
        }
        for (size_t group = 1; group < match.size(); ++group) {
            if (match.length(group) > 0) { return (size_t) match.position(group); }
        }
        return (size_t) match.position(0);
    }
    return std::string::npos;
}

// Reads again what came from there on. What does not fit was no beginning: the answer stays free.
void cl::answer_grammar::begin_at(size_t place) {
    grammar_state begun = state;
    size_t begin = 0;
    bool fits = true;
    for (const heard_token & token : heard_tokens) {
        if (fits && token.end > place) {
            const size_t from = std::max(begin, place);
            fits = begun.accept(token.token, std::string_view(heard).substr(from, token.end - from));
        }
        begin = token.end;
    }
    if (fits) {
        state = std::move(begun);
        is_waiting = false;
    }
    heard.clear();
    heard_tokens.clear();
    has_forgotten = true;
}

void cl::answer_grammar::forget_beginning() {
    if (heard.size() <= 2 * heard_length) { return; }
    size_t kept = 0;
    while (kept + 1 < heard_tokens.size() && heard.size() - heard_tokens[kept].end >= heard_length) { ++kept; }
    const size_t cut = kept == 0 ? 0 : heard_tokens[kept - 1].end;
    heard.erase(0, cut);
    heard_tokens.erase(heard_tokens.begin(), heard_tokens.begin() + (ptrdiff_t) kept);
    for (heard_token & token : heard_tokens) { token.end -= cut; }
    has_forgotten = has_forgotten || cut > 0;
}

bool cl::answer_grammar::accept(int32_t token, std::string_view bytes) {
    if (!is_waiting) { return state.accept(token, bytes); }
    const auto & tokens = triggers->tokens;
    if (std::find(tokens.begin(), tokens.end(), token) != tokens.end() && state.accept(token, bytes)) {
        is_waiting = false;
        heard.clear();
        heard_tokens.clear();
        return true;
    }
    const size_t old_length = heard.size();
    heard += bytes;
    heard_tokens.push_back({token, heard.size()});
    const size_t place = find_trigger(old_length);
    if (place != std::string::npos) {
        begin_at(place);
    } else {
        forget_beginning();
    }
    return true;
}

namespace {

std::shared_ptr<const cl::vocabulary_text> text_of(const cl_model * model) {
    std::call_once(model->text_once, [&] {
        model->text = std::make_shared<const cl::vocabulary_text>(model->vocabulary());
    });
    return model->text;
}

std::vector<llama_token> tokens_of(const llama_vocab * vocabulary, std::string_view text) {
    std::vector<llama_token> tokens(text.size() + 4);
    const int32_t count = llama_tokenize(
        vocabulary, text.data(), (int32_t) text.size(), tokens.data(), (int32_t) tokens.size(), false, true);
    if (count < 0) { throw cl::grammar_error("the opening has too many tokens"); }
    tokens.resize((size_t) count);
    return tokens;
}

cl::grammar_triggers read_triggers(const llama_vocab * vocabulary, const cl_grammar_options & options) {
    if (options.trigger_count > most_triggers) { throw cl::grammar_error("there are too many triggers"); }
    cl::grammar_triggers triggers;
    for (size_t index = 0; index < options.trigger_count; ++index) {
        const cl_trigger & trigger = options.triggers[index];
        if (trigger.kind == CL_TRIGGER_TOKEN) {
            if (trigger.token < 0 || trigger.token >= llama_vocab_n_tokens(vocabulary)) {
                throw cl::grammar_error("a trigger names a token that the vocabulary does not have");
            }
            triggers.tokens.push_back(trigger.token);
            continue;
        }
        std::string value(trigger.value, trigger.length);
        if (value.empty() || value.size() > longest_trigger) {
            throw cl::grammar_error("a trigger is empty, or too long");
        }
        if (trigger.kind == CL_TRIGGER_WORD) {
            triggers.words.push_back(std::move(value));
            continue;
        }
        if (trigger.kind == CL_TRIGGER_PATTERN_FULL) {
            value = (value.front() == '^' ? "" : "^") + value + (value.back() == '$' ? "" : "$");
        }
        try {
            triggers.patterns.push_back({std::regex(value), value.front() == '^'});
        } catch (const std::regex_error &) {
            throw cl::grammar_error("a trigger is no regular expression");
        }
    }
    return triggers;
}

// Follows what the prompt ends with. A vocabulary may put a space before the first token, which is not in the text.
void accept_opening(cl::grammar_state & state, const cl_model * model, std::string_view opening) {
    const auto text = text_of(model);
    bool is_first = true;
    for (const llama_token token : tokens_of(model->vocabulary(), opening)) {
        const std::string_view bytes = text->bytes(token);
        const bool is_added = is_first && !bytes.empty() && std::isspace((unsigned char) bytes[0]) &&
                              !std::isspace((unsigned char) opening[0]);
        is_first = false;
        if (!is_added && !state.accept(token)) {
            throw cl::grammar_error("the grammar does not go along with what the prompt ends with");
        }
    }
}

} // namespace

cl_status cl_grammar_create(const cl_model * model, cl_grammar_options options, cl_grammar ** grammar) {
    return cl::guarded([&] {
        const llama_vocab * vocabulary = model->vocabulary();
        const int32_t size = llama_vocab_n_tokens(vocabulary);
        if (llama_vocab_type(vocabulary) == LLAMA_VOCAB_TYPE_NONE || size <= 0) {
            return cl::fail(CL_INVALID_ARGUMENT, "the model has no vocabulary");
        }
        if (options.opening_length > longest_trigger) {
            return cl::fail(CL_INVALID_ARGUMENT, "the grammar's opening is too long");
        }
        try {
            auto rules = std::make_shared<const cl::grammar_rules>(
                vocabulary, std::string_view(options.rules, options.rules_length), options.root);
            auto triggers = std::make_shared<const cl::grammar_triggers>(read_triggers(vocabulary, options));
            auto may_speak = std::make_shared<std::vector<bool>>((size_t) size);
            const auto note = [&](int32_t token) {
                if (token >= 0 && token < size) { (*may_speak)[(size_t) token] = true; }
            };
            std::for_each_n(options.preserved, options.preserved_count, note);
            std::for_each(triggers->tokens.begin(), triggers->tokens.end(), note);
            cl::grammar_state start(std::move(rules), text_of(model), std::move(may_speak));
            if (!options.lazy && options.opening_length > 0) {
                accept_opening(start, model, std::string_view(options.opening, options.opening_length));
            }
            *grammar = new cl_grammar{text_of(model), std::move(triggers), options.lazy, std::move(start)};
            return CL_OK;
        } catch (const cl::grammar_error & error) {
            return cl::fail(CL_INVALID_ARGUMENT, error.what());
        }
    });
}

void cl_grammar_free(cl_grammar * grammar) {
    delete grammar;
}

cl_status cl_grammar_allowed(const cl_grammar * grammar, const int32_t * tokens, size_t count, bool * allowed) {
    return cl::guarded([&] {
        cl::answer_grammar answer = grammar->answer();
        const int32_t size = grammar->vocabulary->size();
        for (size_t index = 0; index < count; ++index) {
            const int32_t token = tokens[index];
            if (token < 0 || token >= size || !answer.allows(token) ||
                !answer.accept(token, grammar->vocabulary->bytes(token))) {
                return cl::fail(CL_FAILED, "the grammar refuses the token at " + std::to_string(index));
            }
        }
        if (answer.is_free()) {
            std::fill_n(allowed, size, true);
            return CL_OK;
        }
        const auto & mask = answer.allowed();
        for (int32_t token = 0; token < size; ++token) { allowed[token] = mask[(size_t) token / 64] >> (token % 64) & 1; }
        return CL_OK;
    });
}

cl_status cl_grammar_of_schema(const char * schema, size_t length, cl_text * rules) {
    return cl::guarded([&] {
        *rules = {};
        if (length > cl::large_stack_characters) { return cl::fail(CL_INVALID_ARGUMENT, "the schema is too long"); }
        const std::string json(length > 0 ? schema : "", length);
        std::string written;
        try {
            cl::check_depth(json, "the schema");
            const common_json parsed = common_json::parse(json);
            const auto write = [&] { written = json_schema_to_grammar(parsed); };
            // The names in it become names of rules by way of a regular expression.
            if (length > cl::small_stack_characters) {
                cl::with_large_stack(write);
            } else {
                write();
            }
        } catch (const std::bad_alloc &) {
            throw;
        } catch (const std::exception & error) {
            return cl::fail(CL_INVALID_ARGUMENT, error.what());
        }
        return cl::hand_over(written, rules);
    });
}
