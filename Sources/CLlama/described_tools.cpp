#include "described_tools.h"

#include "chat-peg-parser.h"
#include "json-schema-to-grammar.h"

#include <string>
#include <utility>
#include <vector>

namespace {

const char * const call_start = "<tool_call>";
const char * const call_end = "</tool_call>";

// More calls than this in one answer are a model that does not find its end.
constexpr int max_calls = 16;

std::string text_of(const common_chat_msg & message) { return message.render_content("\n"); }

void set_text(common_chat_msg & message, std::string text) {
    message.content_parts.clear();
    message.content = std::move(text);
}

std::string call_text(const std::string & name, const std::string & arguments) {
    return std::string(call_start) + "\n{\"name\": " + common_json(name).dump() + ", \"arguments\": " +
           (arguments.empty() ? "{}" : arguments) + "}\n" + call_end;
}

std::string description(const common_chat_templates_inputs & inputs) {
    std::string text = "You can call these functions, which are described by JSON schemas:\n<tools>\n";
    for (const auto & tool : common_chat_tools_to_json_oaicompat(inputs.tools)) {
        text += tool.at("function").dump() + "\n";
    }
    text += "</tools>\nTo call a function, answer with its name and its arguments as JSON within ";
    text += std::string(call_start) + call_end + ":\n" + call_start;
    text += "\n{\"name\": \"the function's name\", \"arguments\": {\"the argument's name\": \"its value\"}}\n";
    text += call_end;
    if (inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_REQUIRED) { text += "\nAnswer with a function call."; }
    return text;
}

// Calls become text of the assistant, results text of the user. Results that follow each other, and what the user says
// behind them, are one message: many templates insist on turns.
std::vector<common_chat_msg> told(const std::vector<common_chat_msg> & messages) {
    std::vector<common_chat_msg> result;
    bool after_result = false;
    for (const auto & message : messages) {
        common_chat_msg copy = message;
        if (message.role == "assistant" && !message.tool_calls.empty()) {
            std::string text = text_of(message);
            for (const auto & call : message.tool_calls) {
                text += (text.empty() ? "" : "\n") + call_text(call.name, call.arguments);
            }
            copy.tool_calls.clear();
            set_text(copy, text);
        }
        const bool is_result = message.role == "tool";
        if (is_result) {
            copy.role = "user";
            copy.tool_name.clear();
            copy.tool_call_id.clear();
            set_text(copy, "<tool_response>\n" + text_of(message) + "\n</tool_response>");
        }
        if (after_result && copy.role == "user") {
            set_text(result.back(), text_of(result.back()) + "\n" + text_of(copy));
        } else {
            result.push_back(std::move(copy));
        }
        after_result = is_result || (after_result && copy.role == "user");
    }
    return result;
}

void describe(const common_chat_templates_inputs & inputs, std::vector<common_chat_msg> & messages) {
    const std::string text = description(inputs);
    if (!messages.empty() && (messages.front().role == "system" || messages.front().role == "developer")) {
        const std::string own = text_of(messages.front());
        set_text(messages.front(), own.empty() ? text : own + "\n\n" + text);
        return;
    }
    common_chat_msg system;
    system.role = "system";
    system.content = text;
    messages.insert(messages.begin(), system);
}

common_peg_parser calls(common_chat_peg_builder & p, const common_chat_templates_inputs & inputs) {
    auto choice = p.choice();
    // Rules are numbered: what rules may be called would make one of the names a_b and a-b.
    int number = 0;
    for (const auto & tool : inputs.tools) {
        const std::string rule = "described-tool-" + std::to_string(number++);
        common_json function = {{"name", tool.name}, {"parameters", common_json::parse(tool.parameters)}};
        auto name = p.tool_name(p.literal(tool.name));
        auto arguments = p.tool_args(
            p.schema(p.json(), rule + "-schema", common_chat_tool_parameters(function))
        );
        choice |= p.rule(
            rule,
            p.tool(
                p.tool_open(p.literal("{\"name\": \"") + name + p.literal("\", \"arguments\": ")) + arguments +
                p.space() + p.tool_close(p.literal("}"))
            )
        );
    }
    auto call = p.rule(
        "described-call", p.literal(call_start) + p.space() + choice + p.space() + p.literal(call_end)
    );
    auto sequence = inputs.parallel_tool_calls ? call + p.repeat(p.space() + call, 0, max_calls - 1) : call;
    return p.trigger_rule("described-calls", sequence);
}

} // namespace

common_chat_params cl::apply_with_described_tools(
    const common_chat_templates * templates, const common_chat_templates_inputs & inputs
) {
    common_chat_templates_inputs plain = inputs;
    plain.tools.clear();
    plain.json_schema.clear();
    if (!inputs.tools.empty()) {
        plain.messages = told(inputs.messages);
        describe(inputs, plain.messages);
    }
    common_chat_params result = common_chat_templates_apply(templates, plain);

    const bool has_tools = !inputs.tools.empty();
    const bool is_forced = has_tools && inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_REQUIRED;
    const bool has_schema = !is_forced && !inputs.json_schema.empty();
    const bool thinks = inputs.reasoning_format != COMMON_REASONING_FORMAT_NONE && result.supports_thinking &&
                        !result.thinking_start_tag.empty() && !result.thinking_end_tags.empty();
    const bool continues = inputs.continue_final_message != COMMON_CHAT_CONTINUATION_NONE;

    const auto parser = build_chat_peg_parser([&](common_chat_peg_builder & p) {
        auto start = p.eps();
        if (continues) {
            // What the answer goes on from was read by the caller; here begins what is new.
            start = p.literal(result.generation_prompt);
        } else if (!result.generation_prompt.empty()) {
            start = p.prefix(result.generation_prompt, thinks ? result.thinking_start_tag : "");
        }
        if (thinks) {
            const std::string end = result.thinking_end_tags.back();
            start = start + p.space() + p.optional(
                p.literal(result.thinking_start_tag) + p.space() + p.reasoning(p.until(end)) + p.literal(end) +
                p.space()
            );
        }
        if (!has_tools) {
            return start + p.space() +
                   p.content(p.schema(p.json(), "response-format-schema", common_json::parse(inputs.json_schema))) +
                   p.space() + p.end();
        }
        auto called = calls(p, inputs);
        if (is_forced) { return start + p.space() + called + p.space() + p.end(); }
        if (has_schema) {
            auto content = p.content(
                p.schema(p.json(), "response-format-schema", common_json::parse(inputs.json_schema))
            );
            return start + p.space() + p.choice({called, content}) + p.space() + p.end();
        }
        return start + p.content(p.until(call_start)) + p.optional(called) + p.space() + p.end();
    });

    result.format = COMMON_CHAT_FORMAT_PEG_NATIVE;
    result.parser = parser.save();
    result.grammar_lazy = !is_forced && !has_schema;
    result.grammar = build_grammar([&](const common_grammar_builder & builder) {
        parser.build_grammar(builder, result.grammar_lazy);
    });
    result.grammar_triggers.clear();
    if (result.grammar_lazy) {
        result.grammar_triggers.push_back({COMMON_GRAMMAR_TRIGGER_TYPE_WORD, call_start});
    }
    return result;
}
