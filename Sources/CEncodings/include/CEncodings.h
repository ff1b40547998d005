#ifndef CENCODINGS_H
#define CENCODINGS_H

#include <stddef.h>
#include <stdint.h>

// OpenAI's cl100k_base: for each token, in order of their ids, a byte of length and the bytes that it stands for. Static.
const uint8_t * ce_cl100k(size_t * size);

#endif
