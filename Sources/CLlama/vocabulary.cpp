#include "cl_vocabulary.h"

#include "boundary.h"
#include "large_stack.h"
#include "limits.h"
#include "model.h"

#include <algorithm>
#include <cctype>
#include <climits>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace {

struct c_free {
    void operator()(void * memory) const { std::free(memory); }
};
template <typename Element> using c_buffer = std::unique_ptr<Element[], c_free>;

template <typename Element> c_buffer<Element> allocate(size_t count) {
    auto * memory = static_cast<Element *>(std::malloc(std::max<size_t>(count, 1) * sizeof(Element)));
    if (memory == nullptr) { throw std::bad_alloc(); }
    return c_buffer<Element>(memory);
}

// llama.cpp asserts on nearly everything asked of a model without a vocabulary.
bool has_vocabulary(const llama_vocab * vocabulary) {
    return llama_vocab_type(vocabulary) != LLAMA_VOCAB_TYPE_NONE && llama_vocab_n_tokens(vocabulary) > 0;
}

bool is_token(const llama_vocab * vocabulary, int32_t id) {
    return id >= 0 && id < llama_vocab_n_tokens(vocabulary) && has_vocabulary(vocabulary);
}

// llama.cpp asserts that what add_special adds is there.
bool has_what_it_adds(const llama_vocab * vocabulary) {
    if (llama_vocab_type(vocabulary) == LLAMA_VOCAB_TYPE_WPM) {
        return llama_vocab_bos(vocabulary) != LLAMA_TOKEN_NULL && llama_vocab_sep(vocabulary) != LLAMA_TOKEN_NULL;
    }
    return (!llama_vocab_get_add_bos(vocabulary) || llama_vocab_bos(vocabulary) != LLAMA_TOKEN_NULL) &&
           (!llama_vocab_get_add_eos(vocabulary) || llama_vocab_eos(vocabulary) != LLAMA_TOKEN_NULL);
}

// The flag itself is not in llama.h: see what becomes of a word that begins with a space.
bool strips_first_space(const llama_vocab * vocabulary) {
    for (int32_t id = 0; id < llama_vocab_n_tokens(vocabulary); ++id) {
        char piece[64];
        const int32_t length = llama_token_to_piece(vocabulary, id, piece, sizeof(piece), 0, false);
        if (length < 2 || piece[0] != ' ' || !std::isalpha((unsigned char) piece[1])) { continue; }
        return llama_detokenize(vocabulary, &id, 1, piece, sizeof(piece), false, false) < length;
    }
    return false;
}

} // namespace

cl_status cl_vocabulary_get_info(const cl_model * model, cl_vocabulary_info * info) {
    return cl::guarded([&] {
        const llama_vocab * vocabulary = model->vocabulary();
        if (!has_vocabulary(vocabulary)) { return cl::fail(CL_INVALID_ARGUMENT, "the model has no vocabulary"); }
        *info = {};
        info->type = (cl_vocabulary_type) llama_vocab_type(vocabulary);
        info->size = llama_vocab_n_tokens(vocabulary);
        info->bos = llama_vocab_bos(vocabulary);
        info->eos = llama_vocab_eos(vocabulary);
        info->eot = llama_vocab_eot(vocabulary);
        info->sep = llama_vocab_sep(vocabulary);
        info->pad = llama_vocab_pad(vocabulary);
        info->newline = llama_vocab_nl(vocabulary);
        info->fim_prefix = llama_vocab_fim_pre(vocabulary);
        info->fim_suffix = llama_vocab_fim_suf(vocabulary);
        info->fim_middle = llama_vocab_fim_mid(vocabulary);
        info->fim_repository = llama_vocab_fim_rep(vocabulary);
        info->fim_file = llama_vocab_fim_sep(vocabulary);
        info->adds_bos = llama_vocab_get_add_bos(vocabulary);
        info->adds_eos = llama_vocab_get_add_eos(vocabulary);
        info->strips_first_space = strips_first_space(vocabulary);
        return CL_OK;
    });
}

cl_status cl_vocabulary_same(const cl_model * first, const cl_model * second) {
    return cl::guarded([&] {
        const llama_vocab * a = first->vocabulary();
        const llama_vocab * b = second->vocabulary();
        if (!has_vocabulary(a) || !has_vocabulary(b)) { return cl::fail(CL_FAILED, "a model has no vocabulary"); }
        const auto differ = [](const std::string & what, const std::string & in_a, const std::string & in_b) {
            return cl::fail(CL_FAILED, what + " is " + in_a + " in A and " + in_b + " in B");
        };
        const auto differ_in_number = [&](const char * what, int32_t in_a, int32_t in_b) {
            return differ(what, std::to_string(in_a), std::to_string(in_b));
        };
        const std::pair<const char *, int32_t (*)(const llama_vocab *)> numbers[] = {
            {"the number of tokens", [](const llama_vocab * v) { return llama_vocab_n_tokens(v); }},
            {"the kind of tokenizer", [](const llama_vocab * v) { return (int32_t) llama_vocab_type(v); }},
            {"the token that begins a text", [](const llama_vocab * v) { return llama_vocab_bos(v); }},
            {"the token that ends a text", [](const llama_vocab * v) { return llama_vocab_eos(v); }},
            {"the token that ends a turn", [](const llama_vocab * v) { return llama_vocab_eot(v); }},
            {"whether a beginning is added", [](const llama_vocab * v) { return (int32_t) llama_vocab_get_add_bos(v); }},
            {"whether an end is added", [](const llama_vocab * v) { return (int32_t) llama_vocab_get_add_eos(v); }},
        };
        for (const auto & [what, number] : numbers) {
            if (number(a) != number(b)) { return differ_in_number(what, number(a), number(b)); }
        }
        for (int32_t id = 0; id < llama_vocab_n_tokens(a); ++id) {
            const std::string name = "token " + std::to_string(id);
            const std::string text_a = llama_vocab_get_text(a, id);
            const std::string text_b = llama_vocab_get_text(b, id);
            if (text_a != text_b) { return differ(name, "'" + text_a + "'", "'" + text_b + "'"); }
            const std::string kind = "the kind of " + name;
            if (llama_vocab_get_attr(a, id) != llama_vocab_get_attr(b, id)) {
                return differ_in_number(kind.c_str(), llama_vocab_get_attr(a, id), llama_vocab_get_attr(b, id));
            }
            if (llama_vocab_is_eog(a, id) != llama_vocab_is_eog(b, id)) {
                return differ_in_number(
                    ("whether " + name + " ends an answer").c_str(), llama_vocab_is_eog(a, id), llama_vocab_is_eog(b, id));
            }
        }
        return CL_OK;
    });
}

int32_t cl_vocabulary_longest_span(const cl_model * model, uint8_t kinds[256]) {
    if (!has_vocabulary(model->vocabulary())) { return 0; }
    int32_t span = 0;
    const cl_status status = cl::guarded([&] {
        span = cl::longest_span(model->handle, kinds);
        return CL_OK;
    });
    return status == CL_OK ? span : 0;
}

void cl_tokens_free(cl_tokens tokens) { std::free(tokens.ids); }
void cl_text_free(cl_text text) { std::free(text.bytes); }

cl_status cl_tokenize(
    const cl_model * model, const char * text, size_t length, bool add_special, bool parse_special, cl_tokens * tokens
) {
    return cl::guarded([&] {
        *tokens = {};
        const llama_vocab * vocabulary = model->vocabulary();
        if (!has_vocabulary(vocabulary)) { return cl::fail(CL_INVALID_ARGUMENT, "the model has no vocabulary"); }
        if (add_special && !has_what_it_adds(vocabulary)) {
            return cl::fail(CL_FAILED, "the vocabulary adds a special token that it does not have");
        }
        // Room for one token a byte, and for what add_special adds, is nearly always enough.
        constexpr size_t extra = 4;
        if (length > INT32_MAX - extra) { return cl::fail(CL_INVALID_ARGUMENT, "the text is too long"); }
        size_t capacity = length + extra;
        auto ids = allocate<int32_t>(capacity);
        const std::string_view whole(length > 0 ? text : "", length);
        const bool splits = llama_vocab_type(vocabulary) == LLAMA_VOCAB_TYPE_BPE;
        const size_t run = splits ? cl::longest_run(whole) : 0;
        if (run > cl::large_stack_characters / 2) {
            return cl::fail(CL_INVALID_ARGUMENT, "the text has a word, or white space, of too many characters");
        }
        if (cl::has_too_many_special(vocabulary, whole, parse_special)) {
            return cl::fail(CL_INVALID_ARGUMENT, "the text names too many special tokens");
        }
        const auto fill = [&] {
            int32_t count = 0;
            const auto tokenize = [&] {
                count = llama_tokenize(
                    vocabulary, whole.data(), (int32_t) length, ids.get(), (int32_t) capacity, add_special,
                    parse_special);
            };
            if (run > cl::small_stack_characters / 2) {
                cl::with_large_stack(tokenize);
            } else {
                tokenize();
            }
            return count;
        };
        int32_t count = fill();
        if (count == INT32_MIN) { return cl::fail(CL_INVALID_ARGUMENT, "the text has too many tokens"); }
        if (count < 0) {
            capacity = (size_t) -(int64_t) count;
            ids = allocate<int32_t>(capacity);
            count = fill();
            if (count < 0) { return cl::fail(CL_FAILED, "the number of tokens changed between two calls"); }
        }
        if (count == 0) { return CL_OK; }
        void * fitted = std::realloc(ids.get(), (size_t) count * sizeof(int32_t));
        if (fitted != nullptr) {
            ids.release();
            ids.reset(static_cast<int32_t *>(fitted));
        }
        *tokens = {ids.release(), (size_t) count};
        return CL_OK;
    });
}

cl_status cl_detokenize(const cl_model * model, const int32_t * ids, size_t count, bool special, cl_text * text) {
    return cl::guarded([&] {
        *text = {};
        const llama_vocab * vocabulary = model->vocabulary();
        if (count > INT32_MAX) { return cl::fail(CL_INVALID_ARGUMENT, "too many tokens"); }
        int64_t capacity = 0;
        for (size_t index = 0; index < count; ++index) {
            if (!is_token(vocabulary, ids[index])) { return cl::fail(CL_INVALID_ARGUMENT, "no such token"); }
            const int32_t length = llama_token_to_piece(vocabulary, ids[index], nullptr, 0, 0, special);
            capacity += length < 0 ? -(int64_t) length : 0;
        }
        if (capacity > INT32_MAX) { return cl::fail(CL_INVALID_ARGUMENT, "the tokens' text is too long"); }
        if (capacity == 0) { return CL_OK; }
        auto bytes = allocate<char>((size_t) capacity);
        const int32_t length =
            llama_detokenize(vocabulary, ids, (int32_t) count, bytes.get(), (int32_t) capacity, false, special);
        if (length < 0) { return cl::fail(CL_FAILED, "llama.cpp gave more text than the tokens hold"); }
        *text = {bytes.release(), (size_t) length};
        return CL_OK;
    });
}

cl_status
cl_token_piece(const cl_model * model, int32_t id, bool special, char * buffer, size_t capacity, size_t * length) {
    return cl::guarded([&] {
        *length = 0;
        if (!is_token(model->vocabulary(), id)) { return cl::fail(CL_INVALID_ARGUMENT, "no such token"); }
        const auto room = (int32_t) std::min<size_t>(capacity, INT32_MAX);
        const int32_t written = llama_token_to_piece(model->vocabulary(), id, buffer, room, 0, special);
        *length = (size_t) std::abs((int64_t) written);
        return CL_OK;
    });
}

bool cl_token_is_end(const cl_model * model, int32_t id) {
    return is_token(model->vocabulary(), id) && llama_vocab_is_eog(model->vocabulary(), id);
}

bool cl_token_is_control(const cl_model * model, int32_t id) {
    return is_token(model->vocabulary(), id) && llama_vocab_is_control(model->vocabulary(), id);
}

int32_t cl_token_find(const cl_model * model, const char * text, size_t length) {
    const llama_vocab * vocabulary = model->vocabulary();
    if (!has_vocabulary(vocabulary)) { return -1; }
    const std::string_view wanted(length > 0 ? text : "", length);
    for (int32_t id = 0; id < llama_vocab_n_tokens(vocabulary); ++id) {
        if (wanted == llama_vocab_get_text(vocabulary, id)) { return id; }
    }
    return -1;
}
