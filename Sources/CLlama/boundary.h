// The one exception boundary between llama.cpp and Swift.

#ifndef CL_BOUNDARY_H
#define CL_BOUNDARY_H

#include "cl_status.h"

#include <exception>
#include <new>
#include <string>

namespace cl {

// Keeps the text for cl_last_error() and gives the status back, so that callers can `return fail(...)`.
cl_status fail(cl_status status, const char * message) noexcept;
cl_status fail(cl_status status, const std::string & message) noexcept;

// Runs body, which returns a cl_status, and turns whatever it throws into a status and a text.
template <typename Body> cl_status guarded(Body && body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc &) {
        return fail(CL_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception & error) {
        return fail(CL_FAILED, error.what());
    } catch (...) {
        return fail(CL_FAILED, "an exception of unknown type");
    }
}

} // namespace cl

#endif
