#include "boundary.h"

namespace {
// Fixed size, so that reporting a failure to allocate does not allocate.
thread_local char last_error[1024] = "";
} // namespace

namespace cl {

cl_status fail(cl_status status, const char * message) noexcept {
    size_t length = 0;
    while (message[length] != '\0' && length + 1 < sizeof(last_error)) {
        last_error[length] = message[length];
        length += 1;
    }
    last_error[length] = '\0';
    return status;
}

cl_status fail(cl_status status, const std::string & message) noexcept {
    return fail(status, message.c_str());
}

} // namespace cl

const char * cl_last_error(void) {
    return last_error;
}
