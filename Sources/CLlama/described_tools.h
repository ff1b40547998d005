// Tools for templates that know none: described in the system message, called in JSON between tags.

#ifndef CL_DESCRIBED_TOOLS_H
#define CL_DESCRIBED_TOOLS_H

#include "chat.h"

namespace cl {

// Renders a conversation with tools as one without: the tools are described in the system message, earlier calls and
// results are told as text, and the answer's grammar and parser take calls of the form
//   <tool_call>{"name": ..., "arguments": ...}</tool_call>
// (the form that the Hermes models made common). With inputs.json_schema and tools both, the answer is either calls or
// JSON of that schema; with the schema alone, JSON. The choice "none" does not come here.
common_chat_params apply_with_described_tools(
    const common_chat_templates * templates, const common_chat_templates_inputs & inputs
);

} // namespace cl

#endif
