// A GGUF file's header, read without its tensors.

#ifndef CL_GGUF_FILE_H
#define CL_GGUF_FILE_H

#include "gguf.h"

#include <cstdint>
#include <memory>

namespace cl {

using gguf_header = std::unique_ptr<gguf_context, decltype(&gguf_free)>;

// Null where it is no GGUF file, or a damaged one.
gguf_header read_header(const char * path);

// The index of a key whose value is of this type; negative where there is none.
int64_t find_key(const gguf_context * file, const char * key, gguf_type type);

// Whether the file is as long as its header says.
bool is_whole(const gguf_context * file, const char * path);

} // namespace cl

#endif
