#include "schema_grammars.h"

#include "json-schema-to-grammar.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace {

const char * const key = "$grammar";

// So many marks may come after the first.
constexpr uint64_t most_marks = 100'000;

bool is_one_of(const std::string & name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

cl::schema_grammars::schema_grammars(common_chat_templates_inputs inputs) : shown_inputs(std::move(inputs)) {
    const std::string quoted = std::string("\"") + key + "\"";
    const auto has_grammar = [&](const std::string & schema) { return schema.find(quoted) != std::string::npos; };
    const bool any = has_grammar(shown_inputs.json_schema) ||
                     std::any_of(shown_inputs.tools.begin(), shown_inputs.tools.end(), [&](const auto & tool) {
                         return has_grammar(tool.parameters);
                     });
    if (!any) {
        held_inputs = shown_inputs;
        return;
    }
    std::string all = shown_inputs.json_schema;
    for (const auto & tool : shown_inputs.tools) { all += tool.name + tool.parameters; }
    // Names and constants that nothing in the schemas can be taken for.
    uint64_t number = 0;
    do { prefix = "grammar" + std::to_string(number++); } while (all.find(prefix) != std::string::npos);
    prefix += "-";
    number = 70'000;
    while (all.find(std::to_string(number)) != std::string::npos) { ++number; }
    first_mark = number * most_marks;

    held_inputs = shown_inputs;
    for (size_t index = 0; index < shown_inputs.tools.size(); ++index) {
        const common_json schema = common_json::parse(shown_inputs.tools[index].parameters);
        held_inputs.tools[index].parameters = hold(schema).dump();
        shown_inputs.tools[index].parameters = show(schema).dump();
    }
    if (!shown_inputs.json_schema.empty()) {
        const common_json schema = common_json::parse(shown_inputs.json_schema);
        held_inputs.json_schema = hold(schema).dump();
        shown_inputs.json_schema = show(schema).dump();
    }
}

// A schema with the schemas in it changed; what is no schema stays as it is.
template <typename Change>
common_json cl::schema_grammars::with_children(const common_json & schema, Change change) {
    if (!schema.is_object()) { return schema; }
    common_json result = common_json::object();
    for (const auto & member : schema.items()) {
        const std::string name = member.key();
        const common_json & value = member.value();
        if (value.is_object() && is_one_of(name, {"properties", "$defs", "definitions"})) {
            common_json map = common_json::object();
            for (const auto & inner : value.items()) { map[inner.key()] = change(inner.value()); }
            result[name] = map;
        } else if (value.is_array() && is_one_of(name, {"anyOf", "oneOf", "allOf", "items", "prefixItems"})) {
            common_json list = common_json::array();
            for (const auto & inner : value) { list.push_back(change(inner)); }
            result[name] = list;
        } else if (value.is_object() && is_one_of(name, {"items", "additionalProperties"})) {
            result[name] = change(value);
        } else if (name != key) {
            result[name] = value;
        }
    }
    return result;
}

common_json cl::schema_grammars::show(const common_json & schema) const {
    return with_children(schema, [this](const common_json & inner) { return show(inner); });
}

common_json cl::schema_grammars::hold(const common_json & schema) {
    common_json result = with_children(schema, [this](const common_json & inner) { return hold(inner); });
    if (!schema.is_object() || !schema.contains(key)) { return result; }
    const common_json & own = schema.at(key);
    if (own.is_string()) { return hold_own(result, own.get<std::string>()); }
    if (!own.is_array()) { return result; }
    common_json alternatives = common_json::array();
    for (const auto & alternative : own) {
        if (alternative.is_object()) {
            alternatives.push_back(hold(alternative));
        } else {
            common_json typed = result;
            typed["type"] = alternative;
            alternatives.push_back(typed);
        }
    }
    common_json choice = common_json::object();
    for (const char * definitions : {"$defs", "definitions"}) {
        if (result.contains(definitions)) { choice[definitions] = result.at(definitions); }
    }
    choice["anyOf"] = alternatives;
    return choice;
}

// A constant of the schema's type, since some formats of calls write strings without quotes.
common_json cl::schema_grammars::hold_own(const common_json & schema, const std::string & text) {
    if (grammars.size() >= most_marks) { throw std::invalid_argument("a schema has too many grammars"); }
    const uint64_t mark = first_mark + grammars.size();
    const bool is_string = schema.contains("type") && schema.at("type") == "string";
    const common_json constant = is_string ? common_json(std::to_string(mark)) : common_json(mark);
    std::string named;
    for (const char character : text) {
        if (character == '@') {
            named += prefix;
        } else {
            named += character;
        }
    }
    const size_t end = std::min(named.find('\n'), named.size());
    grammars.push_back({gbnf_format_literal(constant.dump()), named.substr(0, end)});
    for (size_t place = end; place < named.size();) {
        const size_t next = std::min(named.find('\n', place + 1), named.size());
        rules.insert(named.substr(place + 1, next - place - 1));
        place = next;
    }
    common_json result = common_json::object();
    for (const char * definitions : {"$defs", "definitions"}) {
        if (schema.contains(definitions)) { result[definitions] = schema.at(definitions); }
    }
    result["const"] = constant;
    return result;
}

std::string cl::schema_grammars::put_in(const std::string & grammar) const {
    if (empty()) { return grammar; }
    // One pass: the marks have a length in common.
    std::map<std::string_view, std::string_view> expressions;
    for (const auto & entry : grammars) { expressions[entry.constant] = entry.expression; }
    const std::string digits = std::to_string(first_mark / most_marks);
    std::string result;
    size_t place = 0;
    for (size_t found; (found = grammar.find(digits, place)) != std::string::npos;) {
        // "12345" or "\"12345\"", the literal around the digits.
        size_t begin = found;
        while (begin > place && (grammar[begin - 1] == '"' || grammar[begin - 1] == '\\')) { --begin; }
        size_t end = found;
        while (end < grammar.size() && grammar[end] >= '0' && grammar[end] <= '9') { ++end; }
        while (end < grammar.size() && (grammar[end] == '"' || grammar[end] == '\\')) { ++end; }
        const auto entry = expressions.find(std::string_view(grammar).substr(begin, end - begin));
        result.append(grammar, place, begin - place);
        if (entry != expressions.end()) {
            result.append("(").append(entry->second).append(")");
        } else {
            result.append(grammar, begin, end - begin); // of the template's own text
        }
        place = end;
    }
    result.append(grammar, place, std::string::npos);
    if (!result.empty() && result.back() != '\n') { result += '\n'; }
    for (const auto & rule : rules) { result += rule + "\n"; }
    return result;
}
