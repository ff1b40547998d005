#include "gguf_file.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

cl::gguf_header cl::read_header(const char * path) {
    gguf_init_params params = {};
    params.no_alloc = true;
    return gguf_header(gguf_init_from_file(path, params), gguf_free);
}

int64_t cl::find_key(const gguf_context * file, const char * key, gguf_type type) {
    const int64_t index = gguf_find_key(file, key);
    return index >= 0 && gguf_get_kv_type(file, index) == type ? index : -1;
}

bool cl::is_whole(const gguf_context * file, const char * path) {
    uint64_t size = gguf_get_data_offset(file);
    for (int64_t index = 0; index < gguf_get_n_tensors(file); ++index) {
        const uint64_t end =
            gguf_get_data_offset(file) + gguf_get_tensor_offset(file, index) + gguf_get_tensor_size(file, index);
        size = std::max(size, end);
    }
    std::error_code error;
    const uint64_t there = std::filesystem::file_size(path, error);
    return !error && there >= size;
}
