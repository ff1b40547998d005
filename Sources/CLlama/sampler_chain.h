// llama.cpp's own chain of samplers, for the samplers that few requests ask for.

#ifndef CL_SAMPLER_CHAIN_H
#define CL_SAMPLER_CHAIN_H

#include "cl_sampler.h"

#include "llama.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace cl {

struct sampler_deleter {
    void operator()(llama_sampler * sampler) const { llama_sampler_free(sampler); }
};
using sampler_pointer = std::unique_ptr<llama_sampler, sampler_deleter>;

// DRY samplers that were made last: to make one takes a pass over the vocabulary for each breaker. Shared by threads.
class dry_cache {
public:
    // A sampler of its own for the caller.
    sampler_pointer get(const llama_vocab * vocabulary, const cl_chain_options & options);

private:
    static constexpr size_t capacity = 16;

    std::mutex mutex;
    std::map<std::string, sampler_pointer> made;
};

// One sequence's. Each choice builds the array of the whole vocabulary, and draws random numbers of its own.
class sampler_chain {
public:
    sampler_chain(
        const llama_vocab * vocabulary, dry_cache & dries, const cl_sampler_options & options,
        const cl_chain_options & chain);

    // A token with a logit above -inf, of which there is one.
    int32_t choose(const float * logits, size_t count);
    // What it was drawn from last: the tokens that were left, each with its probability, in no order.
    const std::vector<llama_token_data> & drawn_from() const { return candidates; }
    // Remembers a token for the penalties.
    void accept(int32_t token) { llama_sampler_accept(chain.get(), token); }

private:
    sampler_pointer chain;
    std::vector<llama_token_data> candidates;
};

// Null where the options are good.
const char * what_is_wrong(const cl_chain_options & options);

} // namespace cl

#endif
