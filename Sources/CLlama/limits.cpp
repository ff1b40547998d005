#include "limits.h"

#include "cl_vocabulary.h"

#include <algorithm>
#include <array>
#include <functional>
#include <unordered_set>
#include <vector>

size_t cl::longest_run(std::string_view text) {
    size_t longest = 0;
    size_t run = 0;
    bool in_space = false;
    for (const char character : text) {
        const auto byte = (unsigned char) character;
        if ((byte & 0xC0) == 0x80) { continue; } // within a character
        const bool is_space = byte == ' ' || (byte >= '\t' && byte <= '\r');
        run = is_space == in_space ? run + 1 : 1;
        in_space = is_space;
        longest = std::max(longest, run);
    }
    return longest;
}

namespace {

// The special tokens that llama.cpp looks for in a text.
class special_names {
public:
    special_names(const llama_vocab * vocabulary, bool parse_special) {
        const int wanted = LLAMA_TOKEN_ATTR_USER_DEFINED |
                           (parse_special ? LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN : 0);
        for (int32_t id = 0; id < llama_vocab_n_tokens(vocabulary); ++id) {
            if ((llama_vocab_get_attr(vocabulary, id) & wanted) == 0) { continue; }
            const std::string_view name = llama_vocab_get_text(vocabulary, id);
            if (name.empty() || !names.insert(name).second) { continue; }
            auto & known = lengths[(unsigned char) name[0]];
            if (std::find(known.begin(), known.end(), name.size()) == known.end()) { known.push_back(name.size()); }
        }
        for (auto & known : lengths) { std::sort(known.begin(), known.end(), std::greater<>()); }
    }

    // The length of the longest name that text begins with, or 0.
    size_t match(std::string_view text) const {
        for (const size_t length : lengths[(unsigned char) text[0]]) {
            if (length <= text.size() && names.count(text.substr(0, length)) > 0) { return length; }
        }
        return 0;
    }

private:
    std::unordered_set<std::string_view> names;
    std::array<std::vector<size_t>, 256> lengths; // of the names with this first byte, longest first
};

} // namespace

// For each special token that it finds, llama.cpp walks a list of all pieces so far: 50,000 take four seconds, a
// megabyte of them minutes.
bool cl::has_too_many_special(const llama_vocab * vocabulary, std::string_view text, bool parse_special) {
    constexpr size_t most = 32 * 1024;
    if (text.size() <= most) { return false; }
    const special_names names(vocabulary, parse_special);
    size_t count = 0;
    while (!text.empty() && count <= most) {
        const size_t length = names.match(text);
        count += length > 0 ? 1 : 0;
        text.remove_prefix(std::max<size_t>(length, 1));
    }
    return count > most;
}

// SentencePiece BPE falls back to bytes and byte-level BPE begins with them, so a token covers at most the bytes of
// its text as the vocabulary writes it (a space is written as two or three bytes), and a byte that is part of no
// longer token is one by itself. BPE vocabularies drop bytes that they have no token for. The other kinds of
// vocabulary normalize, or give one unknown token for a word of any length, and some special tokens swallow the spaces
// beside them.
int32_t cl::longest_span(const llama_model * model, uint8_t kinds[256]) {
    const llama_vocab * vocabulary = llama_model_get_vocab(model);
    char name[32] = "";
    llama_model_meta_val_str(model, "tokenizer.ggml.model", name, sizeof(name));
    const std::string_view kind = name;
    if (kind != "llama" && kind != "gpt2" && kind != "gemma4") { return 0; }
    std::fill_n(kinds, 256, (uint8_t) CL_BYTE_LOST);
    std::array<bool, 256> joined = {};
    const auto join = [&](std::string_view text) {
        for (const char byte : text) { joined[(unsigned char) byte] = true; }
    };
    size_t longest = 0;
    std::vector<char> piece;
    for (int32_t id = 0; id < llama_vocab_n_tokens(vocabulary); ++id) {
        const int attributes = llama_vocab_get_attr(vocabulary, id);
        if (attributes & (LLAMA_TOKEN_ATTR_LSTRIP | LLAMA_TOKEN_ATTR_RSTRIP)) { return 0; }
        const std::string_view text = llama_vocab_get_text(vocabulary, id);
        longest = std::max(longest, text.size());
        // No piece is longer than this: bytes are written out as at most "<0x00>", spaces as three bytes.
        piece.resize(std::max<size_t>(text.size() * 8, 64));
        const int32_t length =
            llama_token_to_piece(vocabulary, id, piece.data(), (int32_t) piece.size(), 0, false);
        if (length == 1) { kinds[(unsigned char) piece[0]] = CL_BYTE_ALONE; }
        if (length > 1) { join({piece.data(), (size_t) length}); }
        if (length != 1 && text.size() > 1) { join(text); }
    }
    for (size_t byte = 0; byte < joined.size(); ++byte) {
        if (joined[byte] && kinds[byte] == CL_BYTE_ALONE) { kinds[byte] = CL_BYTE_JOINED; }
    }
    return (int32_t) std::min<size_t>(longest, INT32_MAX);
}
