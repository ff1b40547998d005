// What libmtmd takes for granted of the two files of a speech model, checked before it sees them.

#ifndef CL_SPEECH_FILE_H
#define CL_SPEECH_FILE_H

#include "cl_speech.h"
#include "gguf_file.h"

namespace cl {

// What a codec's file belongs to, by its keys alone.
cl_speech_family family_of(const gguf_context * codec);

// Throws std::runtime_error with what is wrong.
void check_talker(const gguf_context * model, cl_speech_family family);
void check_codec(const gguf_context * codec, cl_speech_family family, int64_t model_width);

// The width of a model's vectors; 0 where the header does not say.
int64_t width_of(const gguf_context * model);

} // namespace cl

#endif
