#ifndef CL_PENALTIES_H
#define CL_PENALTIES_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cl {

// How often each of the tokens chosen last was chosen.
class recent_tokens {
public:
    struct counted {
        int32_t token;
        uint32_t count; // at least 1
    };

    // Counts the last `window` tokens.
    explicit recent_tokens(size_t window) : window(window) {}

    void add(int32_t token);

    // In the order of their tokens.
    const std::vector<counted> & counts() const { return entries; }

private:
    std::vector<counted>::iterator place(int32_t token);

    size_t window;
    std::vector<int32_t> tokens; // a ring once it is full
    size_t oldest = 0;
    std::vector<counted> entries;
};

} // namespace cl

#endif
