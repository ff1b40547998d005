#include "cl_quantize.h"

#include "boundary.h"
#include "gguf.h"
#include "model.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace {

// Removes a file unless it was given its final name.
struct unfinished_file {
    std::string path;
    ~unfinished_file() {
        if (!path.empty()) { std::remove(path.c_str()); }
    }
};

bool is_on_disk(const char * path) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) { return false; }
    const bool is_synced = fsync(file) == 0;
    close(file);
    return is_synced;
}

} // namespace

cl_weight_format cl_model_format(const cl_model * model) {
    return (cl_weight_format) (llama_model_ftype(model->handle) & ~LLAMA_FTYPE_GUESSED);
}

cl_status cl_gguf_check_whole(const char * path) {
    return cl::guarded([&] {
        gguf_init_params params = {};
        params.no_alloc = true;
        std::unique_ptr<gguf_context, decltype(&gguf_free)> file(gguf_init_from_file(path, params), gguf_free);
        if (!file) { return cl::fail(CL_FAILED, "not a GGUF file, or a damaged one"); }
        size_t end = gguf_get_data_offset(file.get());
        const size_t start = end;
        for (int64_t index = 0; index < gguf_get_n_tensors(file.get()); ++index) {
            end = std::max(
                end, start + gguf_get_tensor_offset(file.get(), index) + gguf_get_tensor_size(file.get(), index));
        }
        struct stat status = {};
        if (stat(path, &status) != 0) { return cl::fail(CL_FAILED, std::strerror(errno)); }
        if ((size_t) status.st_size < end) {
            return cl::fail(
                CL_FAILED, "the file ends at byte " + std::to_string(status.st_size) + " of " + std::to_string(end));
        }
        return CL_OK;
    });
}

cl_status cl_quantize(const char * from, const char * to, cl_weight_format format, uint32_t threads) {
    return cl::guarded([&] {
        if (std::strcmp(from, to) == 0) { return cl::fail(CL_INVALID_ARGUMENT, "a file cannot become itself"); }
        llama_model_quantize_params params = llama_model_quantize_default_params();
        params.ftype = (llama_ftype) format;
        params.nthread = (int32_t) threads;
        params.allow_requantize = true;
        // Half a gigabyte at once, not eight.
        params.max_buf_size = size_t(512) << 20;
        unfinished_file part{std::string(to) + ".part"};
        if (llama_model_quantize(from, part.path.c_str(), &params) != 0) {
            return cl::fail(CL_FAILED, "llama.cpp could not convert the file; the log holds its reason");
        }
        // llama.cpp asks its stream for exceptions of formatting alone: a full disk goes unnoticed.
        const cl_status whole = cl_gguf_check_whole(part.path.c_str());
        if (whole != CL_OK) {
            return cl::fail(CL_FAILED, std::string("the disk is full, most likely: ") + cl_last_error());
        }
        if (!is_on_disk(part.path.c_str()) || std::rename(part.path.c_str(), to) != 0) {
            return cl::fail(CL_FAILED, std::strerror(errno));
        }
        part.path.clear();
        return CL_OK;
    });
}
