// Text that leaves for Swift.

#ifndef CL_TEXT_H
#define CL_TEXT_H

#include "cl_status.h"
#include "cl_vocabulary.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

namespace cl {

// A copy that cl_text_free frees.
inline cl_status hand_over(const std::string & text, cl_text * result) {
    auto * bytes = static_cast<char *>(std::malloc(text.size() + 1));
    if (bytes == nullptr) { throw std::bad_alloc(); }
    std::memcpy(bytes, text.data(), text.size());
    *result = {bytes, text.size()};
    return CL_OK;
}

} // namespace cl

#endif
