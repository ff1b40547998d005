#include "sound.h"

#include "boundary.h"
#include "cl_media.h"
#include "gguf_file.h"

#include "ggml.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <stdexcept>

// Of llama.cpp's vendor/hash, which is part of its libraries; its header is not installed.
std::string hash_sha256_hex(const void * data, size_t len);

namespace {

// Of a sound, and of its last piece: some hops of every encoder's window.
constexpr uint32_t least_ms = 250;
constexpr uint32_t minute_ms = 60'000;
// Of sound that is heard in pieces: what it takes grows with its length.
constexpr uint32_t most_in_pieces_ms = 30 * minute_ms;
// Of sound that is heard as a whole: attention takes the square of its length.
constexpr uint32_t most_as_a_whole_ms = 5 * minute_ms;
// Fewer have none of the encoders that hear a sound as a whole.
constexpr uint32_t fewest_tokens = 200;
// What Whisper's encoder makes of half a minute, the only length that libmtmd gives it.
constexpr int64_t whisper_positions = 1500;

std::string text(const gguf_context * file, const char * key) {
    const int64_t index = cl::find_key(file, key, GGUF_TYPE_STRING);
    return index >= 0 ? gguf_get_val_str(file, index) : "";
}

bool is_one_of(const std::string & kind, std::initializer_list<const char *> kinds) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

int64_t number(const gguf_context * file, const char * key) {
    const int64_t index = cl::find_key(file, key, GGUF_TYPE_UINT32);
    return index >= 0 ? gguf_get_val_u32(file, index) : 0;
}

int64_t positions(const gguf_context * file) {
    const int64_t index = gguf_find_tensor(file, "a.position_embd.weight");
    if (index < 0) { throw std::runtime_error("the encoder of sound has no tensor a.position_embd.weight"); }
    return gguf_get_tensor_ne(file, index)[1];
}

// The tokens of half a minute. libmtmd counts them in two ways, and asserts that they agree: as the frames of its spectrum, and as
// the vectors that its graph gives, several positions in each. The graph rounds up with a macro that is right for powers of two
// alone.
uint32_t stacked_tokens(const gguf_context * file, const std::string & kind) {
    const int64_t factor = number(file, "clip.audio.projector.stack_factor");
    const int64_t width = number(file, "clip.audio.embedding_length");
    if (factor < 1 || factor > whisper_positions || width < 1 || width > 1 << 20) {
        throw std::runtime_error("the encoder of sound does not say how many frames a token has");
    }
    const int64_t poolings = kind == "voxtral" ? 2 : 1;
    const int64_t row = width * factor;
    const int64_t given = GGML_PAD(whisper_positions / poolings * width, row) / row;
    const int64_t counted = kind == "glma" ? whisper_positions / factor : (2 * whisper_positions + factor - 1) / factor / 2 / poolings;
    if (given != counted) {
        throw std::runtime_error(
            "llama.cpp can't hear with " + std::to_string(factor) + " frames of " + std::to_string(width) + " numbers in a token");
    }
    return (uint32_t) given;
}

} // namespace

cl::ears cl::read_ears(const gguf_context * file) {
    std::string kind = text(file, "clip.projector_type");
    if (kind.empty()) { kind = text(file, "clip.audio.projector_type"); }
    if (is_one_of(kind, {"ultravox", "qwen2a", "qwen2.5o", "voxtral", "meralion", "musicflamingo", "glma"})) {
        if (positions(file) < whisper_positions) { throw std::runtime_error("the encoder of sound has too few positions"); }
        if (gguf_find_tensor(file, "a.blk.0.attn_k.bias") >= 0) {
            throw std::runtime_error("the encoder of sound is not Whisper's: its keys have a bias");
        }
        const bool is_stacked = is_one_of(kind, {"ultravox", "voxtral", "meralion", "glma"});
        const uint32_t tokens = is_stacked ? stacked_tokens(file, kind) : (uint32_t) whisper_positions / 2;
        return {0, most_in_pieces_ms, 2 * tokens};
    }
    if (kind == "qwen3a") { return {0, most_in_pieces_ms, 60 * 13}; }
    if (kind == "gemma4ua") { return {0, most_in_pieces_ms, 60 * 25}; }
    if (kind == "gemma4a") { return {minute_ms / 2, most_in_pieces_ms, 60 * 25}; }
    if (kind == "dots3note_a") { return {minute_ms, most_in_pieces_ms, 60 * 12}; }
    // Two frames of 10 ms are one of its positions.
    if (kind == "lfm2a") {
        return {0, (uint32_t) std::min<int64_t>(most_as_a_whole_ms, positions(file) * 20), 60 * 12};
    }
    if (is_one_of(kind, {"granite_speech", "parakeet", "mimo_audio"})) { return {0, most_as_a_whole_ms, fewest_tokens}; }
    throw std::runtime_error("sound is not heard with a projector of the kind '" + kind + "'");
}

std::vector<float> cl::fitted(const std::vector<float> & samples, ears limits, uint32_t sample_rate) {
    const size_t least = (size_t) least_ms * sample_rate / 1000;
    const size_t piece = (size_t) limits.piece * sample_rate / 1000;
    const size_t last = piece > 0 ? samples.size() % piece : samples.size();
    std::vector<float> longer = samples;
    if (samples.empty() || (last > 0 && last < least)) { longer.resize(samples.size() - last + least); }
    return longer;
}

cl_status cl_sound_create(const float * samples, size_t count, cl_sound ** sound) {
    return cl::guarded([&] {
        if (count == 0) { return cl::fail(CL_INVALID_ARGUMENT, "the sound is empty"); }
        auto holder = std::make_unique<cl_sound>();
        holder->samples.resize(count);
        // What is not a number would spread over everything that it meets.
        std::transform(samples, samples + count, holder->samples.begin(), [](float sample) {
            return std::isfinite(sample) ? std::clamp(sample, -1.0f, 1.0f) : 0.0f;
        });
        holder->hash = hash_sha256_hex(holder->samples.data(), count * sizeof(float));
        *sound = holder.release();
        return CL_OK;
    });
}

void cl_sound_free(cl_sound * sound) { delete sound; }
