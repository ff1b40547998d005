// The texts of all tokens in the order of their bytes, so that a grammar can be followed along all of them at once.

#ifndef CL_VOCABULARY_TEXT_H
#define CL_VOCABULARY_TEXT_H

#include "llama.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cl {

class vocabulary_text {
public:
    enum class kind : uint8_t {
        text,
        control, // not part of an answer's text
        end,     // ends a generation
        none,    // without a text
    };

    // A token of kind text or control.
    struct entry {
        int32_t token;
        uint32_t shared; // how many bytes it has in common with the entry before it
    };

    explicit vocabulary_text(const llama_vocab * vocabulary);

    int32_t size() const { return (int32_t) kinds.size(); }
    kind kind_of(int32_t token) const { return kinds[token]; }
    std::string_view bytes(int32_t token) const {
        return std::string_view(pool).substr(begins[token], begins[token + 1] - begins[token]);
    }
    const std::vector<entry> & sorted() const { return order; }
    const std::vector<int32_t> & ends() const { return end_tokens; }

private:
    std::string pool;
    std::vector<uint32_t> begins;
    std::vector<kind> kinds;
    std::vector<entry> order;
    std::vector<int32_t> end_tokens;
};

} // namespace cl

#endif
