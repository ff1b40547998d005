#include "cw_runtime.h"

#include "boundary.h"
#include "ggml-backend.h"
#include "ggml.h"
#include "whisper.h"

#include <zlib.h>

#include <cstring>
#include <mutex>
#include <vector>

namespace {

// Fixed size, so that reporting a failure to allocate does not allocate.
thread_local char last_error[1024] = "";

cw_log_callback sink = nullptr;
ggml_log_callback ggml_sink = nullptr;
void * ggml_sink_data = nullptr;

// whisper.cpp makes its own callback ggml's too, each time that it makes a state.
void forward(ggml_log_level level, const char * text, void *) {
    if (std::strncmp(text, "whisper_", 8) != 0 && ggml_sink != nullptr) {
        return ggml_sink(level, text, ggml_sink_data);
    }
    switch (level) {
    case GGML_LOG_LEVEL_INFO: sink(2, text); break;
    case GGML_LOG_LEVEL_WARN: sink(3, text); break;
    case GGML_LOG_LEVEL_ERROR: sink(4, text); break;
    default: sink(1, text); break;
    }
}

} // namespace

namespace cw {

cw_status fail(cw_status status, const char * message) noexcept {
    size_t length = 0;
    while (message[length] != '\0' && length + 1 < sizeof(last_error)) {
        last_error[length] = message[length];
        length += 1;
    }
    last_error[length] = '\0';
    return status;
}

cw_status fail(cw_status status, const std::string & message) noexcept {
    return fail(status, message.c_str());
}

} // namespace cw

const char * cw_last_error(void) { return last_error; }

const char * cw_version(void) { return whisper_version(); }

void cw_runtime_start(cw_log_callback log) {
    static std::once_flag once;
    std::call_once(once, [&] {
        sink = log;
        ggml_log_callback current = nullptr;
        void * data = nullptr;
        ggml_log_get(&current, &data);
        ggml_sink = current;
        ggml_sink_data = data;
        whisper_log_set(forward, nullptr);
        if (ggml_backend_reg_t blas = ggml_backend_reg_by_name("BLAS")) { ggml_backend_unload(blas); }
    });
}

size_t cw_compressed_size(const uint8_t * bytes, size_t count) {
    uLongf size = compressBound((uLong) count);
    std::vector<uint8_t> out(size);
    return compress(out.data(), &size, bytes, (uLong) count) == Z_OK ? (size_t) size : 0;
}
