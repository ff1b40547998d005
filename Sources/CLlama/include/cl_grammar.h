#ifndef CL_GRAMMAR_H
#define CL_GRAMMAR_H

#include "cl_model.h"
#include "cl_status.h"
#include "cl_vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A grammar that answers are held to, in llama.cpp's GBNF, checked and ready for samplers. Never changes: shared by
// threads. Needs its model no more once it is made; samplers keep what they need of it.
typedef struct cl_grammar cl_grammar;

typedef enum __attribute__((enum_extensibility(closed))) cl_trigger_kind {
    CL_TRIGGER_WORD,
    CL_TRIGGER_TOKEN,
    CL_TRIGGER_PATTERN,
    CL_TRIGGER_PATTERN_FULL,
} cl_trigger_kind;

// What makes a lazy grammar begin; the kinds are those of llama.cpp's common_grammar_trigger_type.
typedef struct cl_trigger {
    cl_trigger_kind kind;
    const char * value; // UTF-8, of all kinds but token
    size_t length;
    int32_t token;
} cl_trigger;

typedef struct cl_grammar_options {
    const char * rules; // UTF-8
    size_t rules_length;
    const char * root; // NUL-terminated
    bool lazy;         // free until a trigger comes up
    const cl_trigger * triggers;
    size_t trigger_count;
    const int32_t * preserved; // control tokens that may stand for their text
    size_t preserved_count;
    const char * opening; // what the grammar has passed before the first token; nothing where it is lazy
    size_t opening_length;
} cl_grammar_options;

// Reads and checks a grammar, in time that its size bounds: what would take long to read, or to follow, is refused.
// CL_INVALID_ARGUMENT, with what is wrong and the line, where it is no grammar, is left-recursive, names what it does not
// define, or is too large.
cl_status cl_grammar_create(const cl_model * model, cl_grammar_options options, cl_grammar ** grammar);
void cl_grammar_free(cl_grammar * grammar);

// The rules, in GBNF, of what a JSON schema describes. CL_INVALID_ARGUMENT where it is no JSON, nested deeper than 128 levels,
// longer than 512 KiB, or no schema that llama.cpp makes rules of.
cl_status cl_grammar_of_schema(const char * schema, size_t length, cl_text * rules);

// For tests: sets allowed, of the vocabulary's size, to which tokens may follow these ones.
// CL_FAILED where they are not of the grammar themselves.
cl_status cl_grammar_allowed(const cl_grammar * grammar, const int32_t * tokens, size_t count, bool * allowed);

#ifdef __cplusplus
}
#endif

#endif
