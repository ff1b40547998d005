#include "cl_templates.h"

#include "boundary.h"
#include "chat.h"
#include "large_stack.h"
#include "model.h"

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

struct cl_templates {
    common_chat_templates_ptr handle;
};

namespace {

constexpr int max_depth = 128;
constexpr size_t max_prompt_bytes = 64u << 20;

// std::localtime answers in memory that the whole process shares, and templates may ask for the date.
std::mutex local_time;

// Refuses what would exhaust the stack of the recursive code that JSON passes through, before anything parses it.
void check_depth(std::string_view json, const char * name) {
    int depth = 0;
    bool in_string = false;
    for (size_t index = 0; index < json.size(); ++index) {
        const char character = json[index];
        if (in_string) {
            if (character == '\\') {
                index += 1;
            } else if (character == '"') {
                in_string = false;
            }
        } else if (character == '"') {
            in_string = true;
        } else if (character == '[' || character == '{') {
            depth += 1;
            if (depth > max_depth) { throw std::invalid_argument(std::string(name) + " is nested too deeply"); }
        } else if (character == ']' || character == '}') {
            depth -= 1;
        }
    }
}

common_json parse(const char * text, size_t length, const char * name) {
    const std::string json(length > 0 ? text : "", length);
    check_depth(json, name);
    try {
        return common_json::parse(json);
    } catch (const std::exception & error) {
        throw std::invalid_argument(std::string(name) + " is not JSON: " + error.what());
    }
}

common_json object_at(const common_json & options, const std::string & key) {
    const common_json value = options.value(key, common_json::object());
    if (!value.is_object()) { throw std::invalid_argument(key + " is not an object"); }
    return value;
}

template <typename Value> Value plain_at(const common_json & options, const std::string & key, Value otherwise) {
    try {
        return options.value(key, otherwise);
    } catch (const std::exception &) {
        throw std::invalid_argument(key + " is of the wrong type");
    }
}

void read_template_arguments(const common_json & options, common_chat_templates_inputs & inputs) {
    inputs.enable_thinking = plain_at(options, "enable_thinking", true);
    const common_json arguments = object_at(options, "chat_template_kwargs");
    for (const auto & member : arguments.items()) {
        if (member.key() == "enable_thinking") {
            if (!member.value().is_boolean()) { throw std::invalid_argument("enable_thinking is not a boolean"); }
            inputs.enable_thinking = member.value().get<bool>();
        }
        inputs.chat_template_kwargs[member.key()] = member.value().dump();
    }
}

void read_constraints(const common_json & options, common_chat_templates_inputs & inputs) {
    inputs.grammar = plain_at(options, "grammar", std::string());
    if (!options.contains("json_schema")) { return; }
    if (!inputs.grammar.empty()) { throw std::invalid_argument("json_schema and grammar exclude each other"); }
    common_json schema = object_at(options, "json_schema");
    if (schema.empty()) { schema["type"] = "object"; }
    inputs.json_schema = schema.dump();
}

void read_tools(const common_json & options, const cl_templates * templates, common_chat_templates_inputs & inputs) {
    inputs.tools = common_chat_tools_parse_oaicompat(options.value("tools", common_json()));
    inputs.tool_choice =
        common_chat_tool_choice_parse_oaicompat(plain_at(options, "tool_choice", std::string("auto")));
    const auto abilities = common_chat_templates_get_caps(templates->handle.get());
    const auto parallel = abilities.find("supports_parallel_tool_calls");
    inputs.parallel_tool_calls =
        plain_at(options, "parallel_tool_calls", parallel != abilities.end() && parallel->second);
}

common_chat_templates_inputs
read(const cl_templates * templates, const common_json & messages, const common_json & options) {
    static const std::set<std::string> known = {
        "tools",           "tool_choice",      "parallel_tool_calls",   "json_schema",          "grammar",
        "enable_thinking", "reasoning_format", "add_generation_prompt", "chat_template_kwargs",
    };
    if (!options.is_object()) { throw std::invalid_argument("options is not an object"); }
    for (const auto & member : options.items()) {
        if (known.count(member.key()) == 0) { throw std::invalid_argument("unknown option " + member.key()); }
    }
    common_chat_templates_inputs inputs;
    inputs.messages = common_chat_msgs_parse_oaicompat(messages);
    for (const auto & message : inputs.messages) {
        for (const auto & call : message.tool_calls) { check_depth(call.arguments, "a tool call's arguments"); }
    }
    read_tools(options, templates, inputs);
    read_constraints(options, inputs);
    read_template_arguments(options, inputs);
    inputs.add_generation_prompt = plain_at(options, "add_generation_prompt", true);
    inputs.reasoning_format =
        common_reasoning_format_from_name(plain_at(options, "reasoning_format", std::string("none")));
    return inputs;
}

common_json write(const common_chat_params & rendered) {
    common_json triggers = common_json::array();
    for (const auto & trigger : rendered.grammar_triggers) {
        triggers.push_back({{"type", (int) trigger.type}, {"value", trigger.value}, {"token", trigger.token}});
    }
    return {
        {"prompt", rendered.prompt},
        {"generation_prompt", rendered.generation_prompt},
        {"additional_stops", rendered.additional_stops},
        {"preserved_tokens", rendered.preserved_tokens},
        {"grammar", rendered.grammar},
        {"grammar_lazy", rendered.grammar_lazy},
        {"grammar_triggers", triggers},
        {"supports_thinking", rendered.supports_thinking},
        {"thinking_start_tag", rendered.thinking_start_tag},
        {"thinking_end_tags", rendered.thinking_end_tags},
        {"format", common_chat_format_name(rendered.format)},
        {"parser", rendered.parser},
    };
}

// Upstream wraps what went wrong in an excerpt of the template; callers want the words alone.
std::string reason(const std::exception & error) {
    std::string text = error.what();
    for (const std::string mark : {"\nError: ", "Jinja Exception: "}) {
        const size_t position = text.rfind(mark);
        if (position != std::string::npos) { text.erase(0, position + mark.size()); }
    }
    return text;
}

cl_status hand_over(const std::string & text, cl_text * result) {
    auto * bytes = static_cast<char *>(std::malloc(text.size() + 1));
    if (bytes == nullptr) { throw std::bad_alloc(); }
    std::memcpy(bytes, text.data(), text.size());
    *result = {bytes, text.size()};
    return CL_OK;
}

} // namespace

cl_status cl_templates_make(const cl_model * model, const char * override, size_t length, cl_templates ** templates) {
    return cl::guarded([&] {
        const llama_vocab * vocabulary = model->vocabulary();
        if (llama_vocab_type(vocabulary) == LLAMA_VOCAB_TYPE_NONE) {
            return cl::fail(CL_INVALID_ARGUMENT, "the model has no vocabulary");
        }
        std::string source(length > 0 ? override : "", length);
        const std::lock_guard<std::mutex> lock(local_time);
        try {
            *templates = new cl_templates{common_chat_templates_init(model->handle, source)};
            return CL_OK;
        } catch (const std::bad_alloc &) {
            throw;
        } catch (const std::exception & error) {
            // Upstream slices the exception on its way here, and its words are lost: parse again to have them.
            const char * own = llama_model_chat_template(model->handle, nullptr);
            if (source.empty() && own != nullptr) { source = own; }
            try {
                const common_chat_template parsed(source, "", "");
            } catch (const std::exception & again) {
                return cl::fail(CL_FAILED, "the chat template does not parse: " + reason(again));
            }
            return cl::fail(CL_FAILED, reason(error));
        }
    });
}

void cl_templates_free(cl_templates * templates) { delete templates; }

bool cl_templates_was_explicit(const cl_templates * templates) {
    return common_chat_templates_was_explicit(templates->handle.get());
}

cl_status cl_templates_source(const cl_templates * templates, cl_text * source) {
    return cl::guarded([&] {
        *source = {};
        return hand_over(common_chat_templates_source(templates->handle.get()), source);
    });
}

cl_status cl_templates_apply(
    const cl_templates * templates, const char * messages, size_t messages_length, const char * options,
    size_t options_length, cl_text * result
) {
    return cl::guarded([&] {
        *result = {};
        if (options_length > cl::large_stack_characters) {
            return cl::fail(CL_INVALID_ARGUMENT, "options is too long");
        }
        common_chat_templates_inputs inputs;
        try {
            inputs = read(
                templates, parse(messages, messages_length, "messages"), parse(options, options_length, "options")
            );
        } catch (const std::bad_alloc &) {
            throw;
        } catch (const std::exception & error) {
            return cl::fail(CL_INVALID_ARGUMENT, error.what());
        }
        common_chat_params rendered;
        try {
            const std::lock_guard<std::mutex> lock(local_time);
            const auto apply = [&] { rendered = common_chat_templates_apply(templates->handle.get(), inputs); };
            // The names in tools and schemas become names of grammar rules by way of a regular expression.
            if (options_length > cl::small_stack_characters) {
                cl::with_large_stack(apply);
            } else {
                apply();
            }
        } catch (const std::bad_alloc &) {
            throw;
        } catch (const std::exception & error) {
            return cl::fail(CL_FAILED, reason(error));
        }
        if (rendered.prompt.size() > max_prompt_bytes) {
            return cl::fail(CL_INVALID_ARGUMENT, "the rendered prompt is too long");
        }
        return hand_over(write(rendered).dump_safe(), result);
    });
}
