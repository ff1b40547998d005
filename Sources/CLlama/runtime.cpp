#include "cl_runtime.h"

#include "build-info.h"
#include "common.h"
#include "ggml-backend.h"
#include "llama.h"
#include "log.h"

#include <mutex>

namespace {

cl_log_callback sink = nullptr;
void * sink_data = nullptr;

void forward(ggml_log_level level, const char * text, void *) {
    // GGML_LOG_LEVEL_CONT goes on with the line before; it is passed on as debug since the level is not repeated.
    switch (level) {
    case GGML_LOG_LEVEL_INFO: sink(2, text, sink_data); break;
    case GGML_LOG_LEVEL_WARN: sink(3, text, sink_data); break;
    case GGML_LOG_LEVEL_ERROR: sink(4, text, sink_data); break;
    default: sink(1, text, sink_data); break;
    }
}

// Null where ggml was built without it. Found before it is taken out for the first time.
ggml_backend_reg_t blas_backend() {
    static ggml_backend_reg_t found = ggml_backend_reg_by_name("BLAS");
    return found;
}

} // namespace

void cl_runtime_start(cl_log_callback log, void * user_data, bool use_blas) {
    static std::once_flag once;
    std::call_once(once, [&] {
        sink = log;
        sink_data = user_data;
        llama_log_set(forward, nullptr);
        common_log_pause(common_log_main());
        llama_backend_init();
        cl_runtime_use_blas(use_blas);
    });
}

bool cl_runtime_has_blas(void) { return blas_backend() != nullptr; }

void cl_runtime_use_blas(bool use_blas) {
    if (blas_backend() == nullptr) { return; }
    if (use_blas) {
        ggml_backend_register(blas_backend());
    } else if (ggml_backend_reg_by_name("BLAS") != nullptr) {
        ggml_backend_unload(blas_backend());
    }
}

const char * cl_llama_version(void) { return llama_commit(); }
const char * cl_ggml_version(void) { return ggml_version(); }
const char * cl_system_info(void) { return llama_print_system_info(); }

int32_t cl_best_thread_count(void) { return common_cpu_get_num_math(); }

int32_t cl_device_count(void) { return (int32_t) ggml_backend_dev_count(); }
const char * cl_device_name(int32_t index) { return ggml_backend_dev_name(ggml_backend_dev_get((size_t) index)); }
