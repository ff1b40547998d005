#include "cl_chat_parser.h"

#include "boundary.h"
#include "chat-peg-parser.h"
#include "chat.h"
#include "large_stack.h"
#include "text.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

struct cl_chat_parser {
    common_chat_parser_params params;
    bool is_plain;
};

namespace {

// A level of JSON takes about 4 KiB of stack to read.
constexpr size_t small_stack_depth = 64;
constexpr size_t large_stack_depth = 10'000;

common_chat_format format_named(const std::string & name) {
    for (int number = 0; number < COMMON_CHAT_FORMAT_COUNT; ++number) {
        const auto format = static_cast<common_chat_format>(number);
        if (name == common_chat_format_name(format)) { return format; }
    }
    throw std::invalid_argument("there is no format " + name);
}

// Whether a parser takes the generation prompt, and then all the rest as content: looks at what the root reaches.
bool is_plain(const common_peg_arena & arena) {
    std::vector<common_peg_parser_id> open = {arena.root()};
    while (!open.empty()) {
        const auto & node = arena.get(open.back());
        open.pop_back();
        if (const auto * sequence = std::get_if<common_peg_sequence_parser>(&node)) {
            open.insert(open.end(), sequence->children.begin(), sequence->children.end());
        } else if (const auto * tag = std::get_if<common_peg_tag_parser>(&node)) {
            if (tag->tag != common_chat_peg_builder::CONTENT) { return false; }
            open.push_back(tag->child);
        } else if (const auto * until = std::get_if<common_peg_until_parser>(&node)) {
            if (!until->delimiters.empty()) { return false; }
        } else if (!std::holds_alternative<common_peg_literal_parser>(node) &&
                   !std::holds_alternative<common_peg_epsilon_parser>(node) &&
                   !std::holds_alternative<common_peg_end_parser>(node)) {
            return false;
        }
    }
    return true;
}

// How deep brackets may be nested in the text, at most: those in strings count too.
size_t depth(std::string_view text) {
    size_t open = 0;
    size_t deepest = 0;
    for (const char character : text) {
        if (character == '[' || character == '{') {
            deepest = std::max(deepest, ++open);
        } else if ((character == ']' || character == '}') && open > 0) {
            --open;
        }
    }
    return deepest;
}

common_json write(const common_chat_msg & message) {
    common_json calls = common_json::array();
    for (const auto & call : message.tool_calls) {
        calls.push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
    }
    return {
        {"content", message.content.empty() ? message.render_content("\n") : message.content},
        {"reasoning_content", message.reasoning_content},
        {"tool_calls", calls},
    };
}

std::string view(const char * text, size_t length) { return std::string(length > 0 ? text : "", length); }

} // namespace

cl_status cl_chat_parser_make(
    const char * format, size_t format_length, const char * parser, size_t parser_length,
    const char * generation_prompt, size_t generation_prompt_length, cl_chat_parser ** result
) {
    return cl::guarded([&] {
        try {
            common_chat_parser_params params;
            params.format = format_named(view(format, format_length));
            params.generation_prompt = view(generation_prompt, generation_prompt_length);
            const std::string definition = view(parser, parser_length);
            if (!definition.empty()) { params.parser.load(definition); }
            *result = new cl_chat_parser{params, definition.empty() || is_plain(params.parser)};
            return CL_OK;
        } catch (const std::bad_alloc &) {
            throw;
        } catch (const std::exception & error) {
            return cl::fail(CL_INVALID_ARGUMENT, std::string("the parser cannot be read: ") + error.what());
        }
    });
}

void cl_chat_parser_free(cl_chat_parser * parser) { delete parser; }

bool cl_chat_parser_is_plain(const cl_chat_parser * parser) { return parser->is_plain; }

cl_status cl_chat_parser_parse(
    const cl_chat_parser * parser, const char * text, size_t length, bool is_partial, cl_text * result
) {
    return cl::guarded([&] {
        *result = {};
        const std::string answer = view(text, length);
        const size_t nesting = depth(answer);
        if (nesting > large_stack_depth) { return cl::fail(CL_FAILED, "the answer is nested too deeply"); }
        std::string json;
        const auto parse = [&] {
            json = write(common_chat_parse(answer, is_partial, parser->params)).dump_safe();
        };
        if (nesting > small_stack_depth) {
            cl::with_large_stack(parse);
        } else {
            parse();
        }
        return cl::hand_over(json, result);
    });
}
