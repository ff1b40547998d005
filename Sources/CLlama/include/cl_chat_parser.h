#ifndef CL_CHAT_PARSER_H
#define CL_CHAT_PARSER_H

#include "cl_status.h"
#include "cl_vocabulary.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Reads the answers to one rendered conversation; immutable, and so shareable between threads. Borrows nothing.
typedef struct cl_chat_parser cl_chat_parser;

// Format, parser and generation_prompt are those of cl_templates_apply's result. CL_INVALID_ARGUMENT where they are no
// such texts.
cl_status cl_chat_parser_make(
    const char * format,
    size_t format_length,
    const char * parser,
    size_t parser_length,
    const char * generation_prompt,
    size_t generation_prompt_length,
    cl_chat_parser ** result);
void cl_chat_parser_free(cl_chat_parser * parser);

// True where all of every answer is content, so that reading it changes nothing.
bool cl_chat_parser_is_plain(const cl_chat_parser * parser);

// Reads an answer's text, or its beginning where is_partial; linear in its length for all practical formats. Result is a
// JSON object: content, reasoning_content, tool_calls ({id, name, arguments}; the id is empty where the format has none,
// and arguments are text: JSON, or its beginning).
// CL_FAILED where the text is not in the format, or is nested deeper than 10,000 brackets.
cl_status cl_chat_parser_parse(
    const cl_chat_parser * parser, const char * text, size_t length, bool is_partial, cl_text * result);

#ifdef __cplusplus
}
#endif

#endif
