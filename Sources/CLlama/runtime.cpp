#include "cl_runtime.h"

#include "boundary.h"
#include "build-info.h"
#include "common.h"
#include "ggml-backend.h"
#include "llama.h"
#include "log.h"
#include "mtmd-helper.h"

#include <sys/resource.h>

#ifdef __linux__
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>
#endif

#include <cstdio>
#include <cstdlib>
#include <cstring>
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

// What it calls debugging is what prompts say.
void forward_media(ggml_log_level level, const char * text, void * data) {
    if (level != GGML_LOG_LEVEL_DEBUG) { forward(level, text, data); }
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
        mtmd_helper_log_set(forward_media, nullptr);
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

void cl_restart_with_short_waits(char ** arguments) {
#ifdef __linux__
    if (getenv("GOMP_SPINCOUNT") != nullptr || getenv("OMP_WAIT_POLICY") != nullptr) {
        // What was started by the link is called by it.
        char name[16] = {};
        if (arguments[0] != nullptr && prctl(PR_GET_NAME, name) == 0 && std::strcmp(name, "exe") == 0) {
            const char * slash = std::strrchr(arguments[0], '/');
            prctl(PR_SET_NAME, slash == nullptr ? arguments[0] : slash + 1);
        }
        return;
    }
    // About 20 microseconds: longer than threads wait for each other where they have a core each.
    if (setenv("GOMP_SPINCOUNT", "1000", 0) != 0) { return; }
    // And as long where there are more threads than cores: each engine has its own, though they take turns. libgomp would have
    // them wait for a tenth of it.
    setenv("OMP_WAIT_POLICY", "active", 0);
    // The link, not the path: a file that was replaced since it was started is not there any more, or is another program.
    execv("/proc/self/exe", arguments);
    // It could not be, so it goes on with long waits.
    unsetenv("GOMP_SPINCOUNT");
    unsetenv("OMP_WAIT_POLICY");
#else
    (void) arguments;
#endif
}

bool cl_may_use_core(int32_t core) {
#ifdef __linux__
    cpu_set_t cores;
    return core >= 0 && core < CPU_SETSIZE && sched_getaffinity(0, sizeof(cores), &cores) == 0
        && CPU_ISSET(core, &cores);
#else
    (void) core;
    return false;
#endif
}

int32_t cl_device_count(void) { return (int32_t) ggml_backend_dev_count(); }
const char * cl_device_name(int32_t index) { return ggml_backend_dev_name(ggml_backend_dev_get((size_t) index)); }

cl_status cl_confine_process(uint32_t cpu_seconds, size_t more_bytes) {
    return cl::guarded([&] {
        const auto bound = [](auto resource, rlim_t most) {
            const rlimit limit = {most, most};
            return setrlimit(resource, &limit) == 0;
        };
        rusage used = {};
        bool is_done = getrusage(RUSAGE_SELF, &used) == 0;
        const rlim_t spent = (rlim_t) used.ru_utime.tv_sec + (rlim_t) used.ru_stime.tv_sec + 1;
        is_done = is_done && bound(RLIMIT_CPU, spent + cpu_seconds);
        is_done = is_done && bound(RLIMIT_CORE, 0) && bound(RLIMIT_FSIZE, 0);
#ifdef __linux__
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        size_t pages = 0;
        if (FILE * file = std::fopen("/proc/self/statm", "r")) {
            if (std::fscanf(file, "%zu", &pages) != 1) { pages = 0; }
            std::fclose(file);
        }
        is_done = is_done && pages > 0 && bound(RLIMIT_AS, pages * (size_t) sysconf(_SC_PAGESIZE) + more_bytes);
#else
        (void) more_bytes;
#endif
        return is_done ? CL_OK : cl::fail(CL_FAILED, "the system does not bound what the process takes");
    });
}
