// What Swift sees of libyaml: one function in place of its parser's structures.

#ifndef CYAML_H
#define CYAML_H

#include <stdbool.h>
#include <stddef.h>

/// How reading a document ended.
typedef enum {
    CY_OK,
    /// Not YAML; the message says why.
    CY_INVALID,
    /// YAML whose root is no mapping.
    CY_NO_MAPPING,
    CY_NO_MEMORY,
} cy_status;

/// Told of a key and its value; the texts are UTF-8, may hold U+0000, and are gone when the call returns.
typedef void (*cy_pair)(void *context, const char *key, size_t key_length, const char *value, size_t value_length);

/// Reads a document and tells of those members of its root mapping that are texts, in order.
///
/// Aliases and nested values are passed over. `message` is filled, and ends in NUL, where the status is CY_INVALID.
cy_status cy_read_texts(
    const unsigned char *text, size_t length, cy_pair pair, void *context, char *message, size_t message_size);

#endif
