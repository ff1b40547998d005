// Two hash functions that llama.cpp brings along (vendor/hash), declared here since its build installs no header of them.

#ifndef CHASH_H
#define CHASH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// SHA-256; digest has 32 bytes.
void sha256_hash(unsigned char * digest, const unsigned char * data, size_t size);

// XXH3, 64 bits: notices damage at the speed of memory, and no malice.
uint64_t XXH3_64bits_withSeed(const void * data, size_t size, uint64_t seed);

#ifdef __cplusplus
}
#endif

#endif
