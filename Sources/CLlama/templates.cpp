#include "cl_templates.h"

#include "boundary.h"
#include "chat.h"
#include "described_tools.h"
#include "json_depth.h"
#include "large_stack.h"
#include "model.h"
#include "schema_grammars.h"
#include "text.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

struct cl_templates {
    common_chat_templates_ptr handle;
    // Whether its own format of calls is known; found out when tools first come, under the lock of all renderings.
    mutable std::optional<bool> knows_tools;
};

namespace {

constexpr size_t max_prompt_bytes = 64u << 20;

// std::localtime answers in memory that the whole process shares, and templates may ask for the date.
std::mutex local_time;

common_json parse(const char * text, size_t length, const char * name) {
    const std::string json(length > 0 ? text : "", length);
    cl::check_depth(json, name);
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

// Mistral's templates refuse calls whose ids are not nine letters and digits; those of other servers become such.
void shorten_ids(const cl_templates * templates, std::vector<common_chat_msg> & messages) {
    const std::string source = common_chat_templates_source(templates->handle.get());
    if (source.find("length != 9") == std::string::npos) { return; }
    const auto shorten = [](std::string & id) {
        const auto is_plain = [](unsigned char character) { return std::isalnum(character) != 0; };
        if (id.empty() || (id.size() == 9 && std::all_of(id.begin(), id.end(), is_plain))) { return; }
        // FNV-1a (Fowler, Noll, Vo).
        uint64_t hash = 0xcbf29ce484222325u;
        for (const unsigned char byte : id) { hash = (hash ^ byte) * 0x100000001b3u; }
        id.clear();
        for (int count = 0; count < 9; ++count, hash /= 36) { id += "0123456789abcdefghijklmnopqrstuvwxyz"[hash % 36]; }
    };
    for (auto & message : messages) {
        for (auto & call : message.tool_calls) { shorten(call.id); }
        shorten(message.tool_call_id);
    }
}

// Whether the template has a format of calls that upstream can read and constrain.
bool knows_tools(const cl_templates * templates) {
    if (!templates->knows_tools) {
        common_chat_templates_inputs probe;
        common_chat_msg question;
        question.role = "user";
        question.content = "What time is it?";
        probe.messages = {question};
        probe.tools = {{"probe", "Tells the time.", R"({"type":"object","properties":{"zone":{"type":"string"}}})"}};
        probe.tool_choice = COMMON_CHAT_TOOL_CHOICE_REQUIRED;
        try {
            const auto rendered = common_chat_templates_apply(templates->handle.get(), probe);
            templates->knows_tools = rendered.prompt.find("Tells the time.") != std::string::npos &&
                                     !rendered.grammar.empty() &&
                                     rendered.parser.find("\"tool-name\"") != std::string::npos;
        } catch (const std::bad_alloc &) {
            throw;
        } catch (const std::exception &) {
            templates->knows_tools = false;
        }
    }
    return *templates->knows_tools;
}

// Two names that become one where upstream names rules after them.
bool names_collide(const std::vector<common_chat_tool> & tools) {
    std::set<std::string> names;
    for (const auto & tool : tools) {
        std::string name = tool.name;
        std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '-');
        if (!names.insert(name).second) { return true; }
    }
    return false;
}

// Whether the format holds arguments to their schema as a whole, not piece by piece or as free text.
bool holds_arguments(const common_chat_params & rendered) {
    return rendered.format != COMMON_CHAT_FORMAT_PEG_GEMMA4 && rendered.format != COMMON_CHAT_FORMAT_PEG_MINIMAX_M3 &&
           rendered.parser.find("\"tool-arg-name\"") == std::string::npos;
}

common_chat_params apply(const cl_templates * templates, const common_chat_templates_inputs & inputs, bool strict) {
    const auto * handle = templates->handle.get();
    if (inputs.tools.empty() || inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_NONE) {
        auto rendered = common_chat_templates_apply(handle, inputs);
        if (inputs.json_schema.empty() || !rendered.grammar.empty()) { return rendered; }
        // Upstream forgets schemas for some formats of its own.
        common_chat_templates_inputs alone = inputs;
        alone.tools.clear();
        return cl::apply_with_described_tools(handle, alone);
    }
    // A schema beside tools is for an answer that calls none: upstream would forget the tools.
    const bool is_choice = !inputs.json_schema.empty() && inputs.tool_choice != COMMON_CHAT_TOOL_CHOICE_REQUIRED;
    if (is_choice || names_collide(inputs.tools) || !knows_tools(templates)) {
        return cl::apply_with_described_tools(handle, inputs);
    }
    common_chat_templates_inputs forced = inputs;
    forced.json_schema.clear();
    auto rendered = common_chat_templates_apply(handle, forced);
    if (strict && !holds_arguments(rendered)) { return cl::apply_with_described_tools(handle, inputs); }
    return rendered;
}

// With the grammars that schemas bring.
common_chat_params apply(const cl_templates * templates, const cl::schema_grammars & schemas, bool strict) {
    auto rendered = apply(templates, schemas.held(), strict);
    if (schemas.empty()) { return rendered; }
    // The model is shown schemas as they were sent.
    rendered.prompt = apply(templates, schemas.shown(), strict).prompt;
    rendered.grammar = schemas.put_in(rendered.grammar);
    return rendered;
}

common_chat_templates_inputs
read(const cl_templates * templates, const common_json & messages, const common_json & options) {
    static const std::set<std::string> known = {
        "tools",           "tool_choice",      "parallel_tool_calls",   "json_schema",          "grammar",
        "enable_thinking", "reasoning_format", "add_generation_prompt", "chat_template_kwargs",
        "strict_tools",    "continue_final_message",
    };
    if (!options.is_object()) { throw std::invalid_argument("options is not an object"); }
    for (const auto & member : options.items()) {
        if (known.count(member.key()) == 0) { throw std::invalid_argument("unknown option " + member.key()); }
    }
    common_chat_templates_inputs inputs;
    inputs.messages = common_chat_msgs_parse_oaicompat(messages);
    for (const auto & message : inputs.messages) {
        for (const auto & call : message.tool_calls) { cl::check_depth(call.arguments, "a tool call's arguments"); }
    }
    shorten_ids(templates, inputs.messages);
    read_tools(options, templates, inputs);
    read_constraints(options, inputs);
    read_template_arguments(options, inputs);
    inputs.add_generation_prompt = plain_at(options, "add_generation_prompt", true);
    if (plain_at(options, "continue_final_message", false)) {
        if (inputs.messages.empty() || inputs.messages.back().role != "assistant" ||
            !inputs.messages.back().tool_calls.empty()) {
            throw std::invalid_argument("only an assistant's message without tool calls can be continued");
        }
        inputs.continue_final_message = COMMON_CHAT_CONTINUATION_AUTO;
        inputs.add_generation_prompt = false;
    }
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
        return cl::hand_over(common_chat_templates_source(templates->handle.get()), source);
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
        bool strict = false;
        try {
            const common_json read_options = parse(options, options_length, "options");
            inputs = read(templates, parse(messages, messages_length, "messages"), read_options);
            strict = plain_at(read_options, "strict_tools", false);
        } catch (const std::bad_alloc &) {
            throw;
        } catch (const std::exception & error) {
            return cl::fail(CL_INVALID_ARGUMENT, error.what());
        }
        common_chat_params rendered;
        try {
            const std::lock_guard<std::mutex> lock(local_time);
            const auto render = [&] { rendered = apply(templates, cl::schema_grammars(std::move(inputs)), strict); };
            // The names in tools and schemas become names of grammar rules by way of a regular expression.
            if (options_length > cl::small_stack_characters) {
                cl::with_large_stack(render);
            } else {
                render();
            }
        } catch (const std::bad_alloc &) {
            throw;
        } catch (const std::exception & error) {
            return cl::fail(CL_FAILED, reason(error));
        }
        if (rendered.prompt.size() > max_prompt_bytes) {
            return cl::fail(CL_INVALID_ARGUMENT, "the rendered prompt is too long");
        }
        return cl::hand_over(write(rendered).dump_safe(), result);
    });
}
