// Exact probabilities of tokens: the softmax of a row of logits.

#ifndef CL_PROBABILITIES_H
#define CL_PROBABILITIES_H

#include "cl_sampler.h"

#include "candidates.h"
#include "logit_rows.h"

namespace cl {

// Of the softmax of a row of logits, each times a scale above 0: the natural logarithm of the probability of a token, and of those of the likeliest tokens: as many as there are places
// for, in order, and of equals the first first. Returns the number of the likeliest, which is that of the places or of the
// row.
size_t find_probabilities(
    const logit_row & row, int32_t token, candidate_set & candidates, float * logprob, cl_token_logprob * top,
    size_t places, float scale = 1);

} // namespace cl

#endif
