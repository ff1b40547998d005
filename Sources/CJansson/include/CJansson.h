// What Swift sees of libjansson: its header, and functions in place of what Swift cannot import.

#ifndef CJANSSON_H
#define CJANSSON_H

#include <jansson.h>

/// The flags of every parse: any value may stand at the top, a key may not come twice, strings may hold U+0000.
static const size_t cj_strict_flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;

/// The kind of a value; `json_typeof` is a macro.
static inline json_type cj_type(const json_t *value) { return json_typeof(value); }

/// The text of an error, ending in NUL; Swift sees the array inside the structure as a tuple of 160 elements.
static inline const char *cj_error_text(const json_error_t *error) { return error->text; }

#endif
