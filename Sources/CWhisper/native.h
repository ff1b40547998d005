// What this target needs of whisper.cpp beyond its header.

#ifndef CW_NATIVE_H
#define CW_NATIVE_H

#include "ggml.h"
#include "whisper.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace cw {

// A second face of loaded weights, with parameters of its own. It shares them: free it with free_face, before the first.
whisper_context * make_face(const whisper_context * context, const whisper_context_params & params);
void free_face(whisper_context * face);

const std::string & token_text(const whisper_context * context, whisper_token token);
bool has_text(const whisper_context * context, const char * text);

// How many positions the encoder's next runs have, language detection included; 0 for all.
void set_audio_context(whisper_state * state, int positions);
int audio_context(const whisper_context * context, const whisper_state * state);
// Has what this thread encodes with the state next taken as encoded already, until another is named: whisper.cpp encodes the window
// that a language was found in once more. NULL for none.
void keep_encoding(const whisper_state * state);
// Memory to compute in; NULL where there is none.
whisper_state * make_state(whisper_context * context);
// Forgets the sound of the run before, and begins the random numbers anew.
void clear(whisper_state * state);
// Clears what attention sees behind the positions of the audio context, which runs of other contexts left there.
void clear_padding(const whisper_context * context, whisper_state * state);
// Computes the sound's spectrogram as whisper.cpp does, but asks after every ten seconds of it whether to go on. False where it
// is not to.
bool compute_spectrogram(
    whisper_context * context, whisper_state * state, const float * samples, size_t count, int threads,
    const std::function<bool()> & may_go_on
);
// Length of the sound's spectrogram in centiseconds.
int mel_length(const whisper_state * state);
// How often decoding has fallen back to a higher temperature.
int fallback_count(const whisper_state * state);
// Has a callback called between the operations of the state's graphs, as far as the CPU computes them. It may block, and
// end the graph by returning true. NULL takes it out.
void watch(whisper_state * state, ggml_abort_callback callback, void * data);

// whisper.cpp reads how likely it is that nobody speaks behind a prompt's first token, of which it copies no scores: it reads what
// was left there. This has it copy them where that token is the start; to be called while the prompt is computed.
void keep_first_scores(const whisper_context * context, whisper_state * state);
// Puts the scores behind the start token there where they were not copied. To be called when a prompt has been decoded; does
// nothing after other steps. What it computes for a window is kept.
void fill_first_scores(whisper_context * context, whisper_state * state, int threads, std::vector<float> & kept);

// The cross attention of the alignment heads for a sequence of tokens, over the encoder's last window: weights of
// [head][position][token], the token being the fastest. False where there is none.
bool read_attention(
    whisper_context * face, whisper_state * state, const std::vector<whisper_token> & tokens, int threads,
    std::vector<float> & weights, int & positions, int & heads
);

// Stretches by whisper.cpp's rules, of given probabilities.
whisper_vad_segments * vad_segments(
    whisper_vad_context * context, const std::vector<float> & probabilities, const whisper_vad_params & params
);

} // namespace cw

#endif
