#ifndef CL_VOCABULARY_H
#define CL_VOCABULARY_H

#include "cl_model.h"
#include "cl_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The vocabulary of a model. Everything here only reads the model and may run on any number of threads at once:
// llama.h says of tokenization "The API is thread-safe". Texts are bytes with a length: they may hold NUL bytes and
// invalid UTF-8. Token ids outside 0..<size are refused, never passed on.

// The kind of tokenizer. The values are llama.cpp's; unknown ones are to be expected from newer versions.
typedef enum __attribute__((enum_extensibility(open))) cl_vocabulary_type {
    CL_VOCABULARY_NONE = 0,
    CL_VOCABULARY_SPM = 1,    // SentencePiece BPE with byte fallback
    CL_VOCABULARY_BPE = 2,    // byte-level BPE
    CL_VOCABULARY_WPM = 3,    // WordPiece
    CL_VOCABULARY_UGM = 4,    // SentencePiece unigram
    CL_VOCABULARY_RWKV = 5,   // greedy
    CL_VOCABULARY_PLAMO2 = 6, // Aho-Corasick
} cl_vocabulary_type;

typedef struct cl_vocabulary_info {
    cl_vocabulary_type type;
    int32_t size;
    // Ids of special tokens, -1 where the vocabulary has none.
    int32_t bos;
    int32_t eos;
    int32_t eot;
    int32_t sep;
    int32_t pad;
    int32_t newline;
    // Of prompts for what comes between two texts, and of other files before these.
    int32_t fim_prefix;
    int32_t fim_suffix;
    int32_t fim_middle;
    int32_t fim_repository;
    int32_t fim_file;
    // What add_special adds.
    bool adds_bos;
    bool adds_eos;
    // Whether cl_detokenize takes one space off the first token.
    bool strips_first_space;
} cl_vocabulary_info;

// Looks at every token once: ask once and keep the answer. CL_INVALID_ARGUMENT where the model has no vocabulary.
cl_status cl_vocabulary_get_info(const cl_model * model, cl_vocabulary_info * info);

// Whether two models have the same vocabulary, so that a token of one is the same token of the other: the kind, the size,
// the special tokens, what is added around a text, and each token's text and kind. CL_FAILED with the first difference as
// cl_last_error says it: "A" is the first model, "B" the second.
cl_status cl_vocabulary_same(const cl_model * first, const cl_model * second);

// How the bytes of a text become tokens, for a lower bound on their number before the text is tokenized.
typedef enum __attribute__((enum_extensibility(open))) cl_byte_kind {
    CL_BYTE_LOST = 0,   // may become no token at all
    CL_BYTE_JOINED = 1, // may share a token with the bytes beside it
    CL_BYTE_ALONE = 2,  // is at least one token by itself
} cl_byte_kind;

// The most bytes of text that one token can stand for, and the cl_byte_kind of each byte. Gives 0 where no bound is
// known, because text may vanish on the way to tokens: by normalization, into one unknown token, or beside special
// tokens that swallow spaces. Looks at every token: ask once and keep the answer.
int32_t cl_vocabulary_longest_span(const cl_model * model, uint8_t kinds[256]);

// A list of token ids, owned by whoever was given it; freed by cl_tokens_free. Ids is NULL where count is 0.
typedef struct cl_tokens {
    int32_t * ids;
    size_t count;
} cl_tokens;

void cl_tokens_free(cl_tokens tokens);

// Text into tokens. Add_special adds what the vocabulary asks for around a text (BOS, EOS); parse_special turns the
// texts of special tokens into these tokens, otherwise they are plain text. Text of nearly 2^31 bytes is refused, and
// for BPE vocabularies text with more than 262,144 characters in a row that are all white space or all not: see
// large_stack.h. So is text that names more than 32,768 special tokens.
cl_status cl_tokenize(
    const cl_model * model, const char * text, size_t length, bool add_special, bool parse_special, cl_tokens * tokens);

// Bytes, owned by whoever was given them; freed by cl_text_free. Not ended by a zero. Bytes may be NULL where length
// is 0.
typedef struct cl_text {
    char * bytes;
    size_t length;
} cl_text;

void cl_text_free(cl_text text);

// The text of many tokens, without the space that some vocabularies put before a text's first word.
// Special tokens are left out unless special is true.
cl_status cl_detokenize(const cl_model * model, const int32_t * ids, size_t count, bool special, cl_text * text);

// The bytes that one token stands for within a text, often not whole UTF-8 characters. Writes at most capacity bytes
// and sets length to the number there are, which may be more. Nothing for special tokens unless special is true.
cl_status
cl_token_piece(const cl_model * model, int32_t id, bool special, char * buffer, size_t capacity, size_t * length);

// False for ids that are no tokens.
bool cl_token_is_end(const cl_model * model, int32_t id); // generation ends after it
bool cl_token_is_control(const cl_model * model, int32_t id);

// The id of the token with exactly this text (as the vocabulary writes it), or -1. Looks at every token.
int32_t cl_token_find(const cl_model * model, const char * text, size_t length);

#ifdef __cplusplus
}
#endif

#endif
