#include "vocabulary_text.h"

#include <algorithm>

cl::vocabulary_text::vocabulary_text(const llama_vocab * vocabulary) {
    const int32_t count = llama_vocab_n_tokens(vocabulary);
    begins.reserve((size_t) count + 1);
    kinds.reserve((size_t) count);
    std::string piece;
    for (int32_t token = 0; token < count; ++token) {
        piece.resize(64);
        int32_t length = llama_token_to_piece(vocabulary, token, piece.data(), (int32_t) piece.size(), 0, true);
        if (length < 0) {
            piece.resize((size_t) -length);
            length = llama_token_to_piece(vocabulary, token, piece.data(), (int32_t) piece.size(), 0, true);
        }
        begins.push_back((uint32_t) pool.size());
        pool.append(piece, 0, (size_t) std::max(length, 0));
        const int attributes = llama_vocab_get_attr(vocabulary, token);
        if (llama_vocab_is_eog(vocabulary, token)) {
            kinds.push_back(kind::end);
            end_tokens.push_back(token);
        } else if (length <= 0 || piece[0] == '\0') {
            kinds.push_back(kind::none);
        } else if (attributes & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN)) {
            kinds.push_back(kind::control);
        } else {
            kinds.push_back(kind::text);
        }
    }
    begins.push_back((uint32_t) pool.size());
    for (int32_t token = 0; token < count; ++token) {
        if (kinds[token] == kind::text || kinds[token] == kind::control) { order.push_back({token, 0}); }
    }
    std::sort(order.begin(), order.end(), [&](const entry & left, const entry & right) {
        const int order = bytes(left.token).compare(bytes(right.token));
        return order < 0 || (order == 0 && left.token < right.token);
    });
    for (size_t place = 1; place < order.size(); ++place) {
        const std::string_view before = bytes(order[place - 1].token);
        const std::string_view text = bytes(order[place].token);
        const auto end = std::mismatch(before.begin(), before.end(), text.begin(), text.end());
        order[place].shared = (uint32_t) (end.first - before.begin());
    }
}
