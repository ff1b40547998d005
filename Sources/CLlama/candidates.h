// The few tokens of a row that truncation leaves, and the choice among them.

#ifndef CL_CANDIDATES_H
#define CL_CANDIDATES_H

#include "logit_rows.h"

#include <cstdint>
#include <vector>

namespace cl {

// Tokens in the order of the vocabulary, the likeliest among them. Of equal logits the later token is cut first, so that
// what is left depends on the logits alone. Buffers stay between uses.
class candidate_set {
public:
    struct candidate {
        int32_t token;
        float logit;
    };

    // The k likeliest tokens; k is at least 1.
    void take_top_k(const logit_row & row, size_t k);
    // The fewest likeliest tokens whose probabilities reach p together; one at least.
    void take_top_p(const logit_row & row, float p);
    // The tokens at least p times as probable as the likeliest, and that one.
    void take_min_p(const logit_row & row, float p);

    // The same of the tokens left.
    void keep_top_p(float p);
    void keep_min_p(float p);

    // The tokens left, the likeliest first, and of equals the first.
    void sort_into(std::vector<candidate> & sorted) const;

    // The logarithm of the probability of each token left, in their order, by the softmax of logits over temperature.
    void tell(float temperature, std::vector<candidate> & logprobs);

    // A token with the probability that softmax of logits over temperature gives it; point is from [0, 1).
    int32_t choose(float temperature, double point);

private:
    void gather(const logit_row & row, float least);
    double weigh(float scale);
    void keep_mass(double mass);
    template <typename Stays> void keep(Stays stays);

    // The first `count` of each belong together.
    size_t count = 0;
    float max = 0;
    std::vector<float> logits;
    std::vector<int32_t> tokens;
    std::vector<float> masses; // what each weighs in the sum at hand

    std::vector<float> maxima;
    std::vector<size_t> boundary;
};

// A token of the whole row, likewise.
int32_t choose_from_all(const logit_row & row, float temperature, double point);

} // namespace cl

#endif
