// Schemas that bring a grammar of their own: what llama.cpp's grammar of a schema can't say.

#ifndef CL_SCHEMA_GRAMMARS_H
#define CL_SCHEMA_GRAMMARS_H

#include "chat.h"

#include <set>
#include <string>
#include <vector>

namespace cl {

// A schema may have a member "$grammar" (WireFormat's SchemaWriter writes it):
// - a string: GBNF of the schema's values, in whose place it stands, and on further lines rules, whose names begin with @;
// - an array, in a schema of several types: such schemas, and names of types for which the schema holds as it is.
// llama.cpp makes a grammar of schemas in which constants stand for these, and they are put in for the constants.
class schema_grammars {
public:
    // For the tools and the schema of the answer of these inputs.
    explicit schema_grammars(common_chat_templates_inputs inputs);

    // Whether no schema has one.
    bool empty() const { return grammars.empty(); }
    // The inputs with schemas as models are shown them, and as grammars are made of them.
    const common_chat_templates_inputs & shown() const { return shown_inputs; }
    const common_chat_templates_inputs & held() const { return held_inputs; }
    // A grammar that was made of the latter, with the schemas' own put in.
    std::string put_in(const std::string & grammar) const;

private:
    struct entry {
        std::string constant; // as it stands in the grammar
        std::string expression;
    };

    common_json show(const common_json & schema) const;
    common_json hold(const common_json & schema);
    common_json hold_own(const common_json & schema, const std::string & text);
    template <typename Change> static common_json with_children(const common_json & schema, Change change);

    common_chat_templates_inputs shown_inputs;
    common_chat_templates_inputs held_inputs;
    std::string prefix; // of the rules' names
    uint64_t first_mark = 0;
    std::vector<entry> grammars;
    std::set<std::string> rules;
};

} // namespace cl

#endif
