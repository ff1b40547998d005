#ifndef CL_TEMPLATES_H
#define CL_TEMPLATES_H

#include "cl_model.h"
#include "cl_status.h"
#include "cl_vocabulary.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// The chat templates of a model, parsed; read-only afterwards and so shareable between threads. Freed by
// cl_templates_free. Borrows nothing: the model is needed while they are made alone.
typedef struct cl_templates cl_templates;

// Override, where not NULL or empty, is a Jinja template to use in place of the model's own. A model without a
// template gets ChatML. CL_FAILED with the parser's words where the template does not parse.
cl_status cl_templates_make(const cl_model * model, const char * override, size_t length, cl_templates ** templates);
void cl_templates_free(cl_templates * templates);

// False where ChatML stands in for a template that the model does not have.
bool cl_templates_was_explicit(const cl_templates * templates);

// The source of the template used for chats without tools.
cl_status cl_templates_source(const cl_templates * templates, cl_text * source);

// Renders a conversation. Messages is a JSON array of messages as in OpenAI's chat completions, with text content only.
// Options is a JSON object; all keys may be left out, others are refused:
//   tools, tool_choice ("auto", "none", "required"), parallel_tool_calls: as in OpenAI's API
//   strict_tools: arguments must be held to their schemas, whatever the template's own format can do
//   json_schema: an object, or grammar: GBNF text; not both
//   add_generation_prompt: ask for the assistant's turn; true where left out
//   continue_final_message: the last message is the assistant's, and the answer goes on from it
//   enable_thinking: true where left out
//   reasoning_format: "none" (where left out), "auto", "deepseek", "deepseek-legacy"
//   chat_template_kwargs: an object whose members become variables of the template
// Result is a JSON object:
//   prompt: to be tokenized with add_special and parse_special. A BOS that the template wrote is taken out again where
//     add_special adds one (and the same for EOS), so there is never a second one.
//   generation_prompt: the end of the prompt that opens the assistant's turn
//   additional_stops: texts that end the answer; preserved_tokens: texts of special tokens to render in it
//   grammar, grammar_lazy, grammar_triggers ({type, value, token}): what to constrain sampling with; "" for nothing
//   supports_thinking, thinking_start_tag, thinking_end_tags
//   format, parser: how common_chat_parse reads the answer
// Tools are described to a template that knows none, whose format upstream can't read, or can't hold to schemas where
// strict_tools asks for it, and to any where json_schema allows an answer without a call: in the system message, with calls
// as JSON within <tool_call> tags. Whichever way, grammar and parser fit the answer. Ids of calls become nine letters and
// digits for templates that insist on that.
// CL_INVALID_ARGUMENT where messages or options are no such JSON; CL_FAILED where the template refuses, with the words
// that it raised. Messages and options nested deeper than 128 levels are refused, as are options of more than
// 512 KiB and a prompt of more than 64 MiB.
//
// May be called on any thread; the calls of the whole process run one after another. (Upstream shares parsed templates
// between threads, but it asks std::localtime for the date, whose answer lies in memory shared by the process.)
// A template can loop for as long as it likes: there is no hook to stop it. It is trusted like the model it comes from.
cl_status cl_templates_apply(
    const cl_templates * templates,
    const char * messages,
    size_t messages_length,
    const char * options,
    size_t options_length,
    cl_text * result);

#ifdef __cplusplus
}
#endif

#endif
