// The one exception boundary between whisper.cpp and Swift.

#ifndef CW_BOUNDARY_H
#define CW_BOUNDARY_H

#include "cw_status.h"

#include <exception>
#include <new>
#include <string>

namespace cw {

// Keeps the text for cw_last_error() and gives the status back, so that callers can `return fail(...)`.
cw_status fail(cw_status status, const char * message) noexcept;
cw_status fail(cw_status status, const std::string & message) noexcept;

// Runs body, which returns a cw_status, and turns whatever it throws into a status and a text.
template <typename Body> cw_status guarded(Body && body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc &) {
        return fail(CW_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception & error) {
        return fail(CW_FAILED, error.what());
    } catch (...) {
        return fail(CW_FAILED, "an exception of unknown type");
    }
}

} // namespace cw

#endif
