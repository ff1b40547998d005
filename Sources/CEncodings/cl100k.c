#include "CEncodings.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// Made by Scripts/make-cl100k.py.
static const uint8_t cl100k[] = {
#embed "cl100k.bin"
};

const uint8_t * ce_cl100k(size_t * size) {
    *size = sizeof(cl100k);
    return cl100k;
}
