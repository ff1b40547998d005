#include "CYAML.h"

#include <stdio.h>
#include <yaml.h>

static cy_status tell(yaml_document_t *document, cy_pair pair, void *context) {
    const yaml_node_t *root = yaml_document_get_root_node(document);
    if (!root || root->type != YAML_MAPPING_NODE) return CY_NO_MAPPING;
    for (const yaml_node_pair_t *item = root->data.mapping.pairs.start; item < root->data.mapping.pairs.top; item++) {
        const yaml_node_t *key = yaml_document_get_node(document, item->key);
        const yaml_node_t *value = yaml_document_get_node(document, item->value);
        if (!key || !value || key->type != YAML_SCALAR_NODE || value->type != YAML_SCALAR_NODE) continue;
        pair(context, (const char *)key->data.scalar.value, key->data.scalar.length,
             (const char *)value->data.scalar.value, value->data.scalar.length);
    }
    return CY_OK;
}

cy_status cy_read_texts(
    const unsigned char *text, size_t length, cy_pair pair, void *context, char *message, size_t message_size) {
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser)) return CY_NO_MEMORY;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, text, length);
    cy_status status;
    if (yaml_parser_load(&parser, &document)) {
        status = tell(&document, pair, context);
        yaml_document_delete(&document);
    } else if (parser.error == YAML_MEMORY_ERROR) {
        status = CY_NO_MEMORY;
    } else {
        status = CY_INVALID;
        snprintf(message, message_size, "line %zu: %s", parser.problem_mark.line + 1,
                 parser.problem ? parser.problem : "unknown problem");
    }
    yaml_parser_delete(&parser);
    return status;
}
