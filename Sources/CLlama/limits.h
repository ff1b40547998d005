// What texts a vocabulary can take, found before llama.cpp sees them.

#ifndef CL_LIMITS_H
#define CL_LIMITS_H

#include "llama.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cl {

// The most characters in a row that are all white space or all not. A regular expression of a BPE vocabulary matches
// at most two such runs at once, and recurses for each of their characters.
size_t longest_run(std::string_view text);

// Whether text names so many special tokens that llama.cpp would need seconds to take them apart.
bool has_too_many_special(const llama_vocab * vocabulary, std::string_view text, bool parse_special);

// See cl_vocabulary_longest_span.
int32_t longest_span(const llama_model * model, uint8_t kinds[256]);

} // namespace cl

#endif
