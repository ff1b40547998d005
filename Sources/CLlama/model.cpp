#include "model.h"

#include "boundary.h"
#include "gguf_file.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>

static int64_t metadata_number(const llama_model * model, const std::string & key) {
    char text[32];
    const int32_t length = llama_model_meta_val_str(model, key.c_str(), text, sizeof(text));
    return length > 0 ? std::strtoll(text, nullptr, 10) : 0;
}

static std::string architecture_of(const llama_model * model) {
    char text[64];
    return llama_model_meta_val_str(model, "general.architecture", text, sizeof(text)) > 0 ? text : "";
}

enum llama_pooling_type cl_model::pooling() const {
    const int64_t number = metadata_number(handle, architecture_of(handle) + ".pooling_type");
    const bool is_known = number >= LLAMA_POOLING_TYPE_MEAN && number <= LLAMA_POOLING_TYPE_RANK;
    return is_known ? (enum llama_pooling_type) number : LLAMA_POOLING_TYPE_NONE;
}

// The key-value heads of all layers together. Models whose layers differ hold an array, which the loaded model's metadata
// does not give: it is read from the file.
static int64_t kv_heads(const llama_model * model, const char * path) {
    const int64_t uniform = (int64_t) llama_model_n_layer(model) * llama_model_n_head_kv(model);
    const std::string name = architecture_of(model) + ".attention.head_count_kv";
    char text[16];
    if (llama_model_meta_val_str(model, name.c_str(), text, sizeof(text)) > 0) { return uniform; }
    const cl::gguf_header file = cl::read_header(path);
    if (!file) { return uniform; }
    const int64_t key = gguf_find_key(file.get(), name.c_str());
    if (key < 0 || gguf_get_kv_type(file.get(), key) != GGUF_TYPE_ARRAY) { return uniform; }
    const gguf_type type = gguf_get_arr_type(file.get(), key);
    if (type != GGUF_TYPE_UINT32 && type != GGUF_TYPE_INT32) { return uniform; }
    const int32_t * heads = static_cast<const int32_t *>(gguf_get_arr_data(file.get(), key));
    return std::accumulate(heads, heads + gguf_get_arr_n(file.get(), key), int64_t(0));
}

// Keys and values of every layer in f16.
static uint64_t kv_bytes_per_token(const llama_model * model, const char * path) {
    const std::string prefix = architecture_of(model) + ".attention.";
    const int64_t head_size = llama_model_n_embd(model) / std::max(llama_model_n_head(model), 1);
    const int64_t key_length = metadata_number(model, prefix + "key_length");
    const int64_t value_length = metadata_number(model, prefix + "value_length");
    const int64_t width = (key_length > 0 ? key_length : head_size) + (value_length > 0 ? value_length : head_size);
    return (uint64_t) (kv_heads(model, path) * width * 2);
}

cl_status cl_model_load(const char * path, cl_model_options options, cl_model ** model) {
    return cl::guarded([&] {
        llama_model_params params = llama_model_default_params();
        params.vocab_only = options.vocabulary_only;
        if (options.measure_only) {
            params.no_alloc = true;
            params.load_mode = LLAMA_LOAD_MODE_NONE;
        }
        params.n_gpu_layers = options.gpu_layers;
        params.progress_callback = options.progress;
        params.progress_callback_user_data = options.user_data;
        auto holder = std::make_unique<cl_model>();
        holder->measure_only = options.measure_only;
        holder->handle = llama_model_load_from_file(path, params);
        if (holder->handle == nullptr) {
            return cl::fail(CL_FAILED, "llama.cpp could not load the file; the log holds its reason");
        }
        holder->kv_bytes_per_token = options.vocabulary_only ? 0 : kv_bytes_per_token(holder->handle, path);
        *model = holder.release();
        return CL_OK;
    });
}

void cl_model_free(cl_model * model) {
    llama_model_free(model->handle);
    delete model;
}

cl_model_info cl_model_get_info(const cl_model * model) {
    cl_model_info info = {};
    const llama_model * handle = model->handle;
    info.training_context = llama_model_n_ctx_train(handle);
    info.layers = llama_model_n_layer(handle) + 1;
    info.parameters = llama_model_n_params(handle);
    info.size_bytes = llama_model_size(handle);
    info.has_decoder = llama_model_has_decoder(handle);
    info.is_causal = true;
    char text[16];
    const std::string key = architecture_of(handle) + ".attention.causal";
    if (llama_model_meta_val_str(handle, key.c_str(), text, sizeof(text)) > 0) {
        info.is_causal = std::strcmp(text, "false") != 0;
    }
    info.cuts_memory = !llama_model_is_recurrent(handle) && !llama_model_is_hybrid(handle);
    info.pooling = (cl_pooling) model->pooling();
    const bool ranks = info.pooling == CL_POOLING_RANK;
    info.embedding_size = ranks ? llama_model_n_cls_out(handle) : (uint32_t) llama_model_n_embd_out(handle);
    info.kv_bytes_per_token = model->kv_bytes_per_token;
    return info;
}

int32_t cl_model_describe(const cl_model * model, char * buffer, size_t capacity) {
    return llama_model_desc(model->handle, buffer, capacity);
}

// Hands the value of a key to take; kind says what it is to be.
template <typename take_type>
static cl_status read_value(const char * path, const char * key, gguf_type type, const char * kind, take_type take) {
    return cl::guarded([&] {
        const cl::gguf_header file = cl::read_header(path);
        if (!file) { return cl::fail(CL_FAILED, "not a GGUF file, or a damaged one"); }
        if (gguf_find_key(file.get(), key) < 0) { return cl::fail(CL_FAILED, std::string("the file has no ") + key); }
        const int64_t id = cl::find_key(file.get(), key, type);
        if (id < 0) { return cl::fail(CL_FAILED, std::string(key) + " is not " + kind); }
        take(file.get(), id);
        return CL_OK;
    });
}

cl_status cl_gguf_number(const char * path, const char * key, uint32_t * value) {
    return read_value(path, key, GGUF_TYPE_UINT32, "a number of 32 bits", [&](const gguf_context * file, int64_t id) {
        *value = gguf_get_val_u32(file, id);
    });
}

cl_status cl_gguf_flag(const char * path, const char * key, bool * value) {
    return read_value(path, key, GGUF_TYPE_BOOL, "a truth value", [&](const gguf_context * file, int64_t id) {
        *value = gguf_get_val_bool(file, id);
    });
}

cl_status cl_gguf_string(const char * path, const char * key, char * value, size_t capacity) {
    if (capacity == 0) { return cl::fail(CL_INVALID_ARGUMENT, "no room for the value"); }
    return read_value(path, key, GGUF_TYPE_STRING, "a string", [&](const gguf_context * file, int64_t id) {
        const char * text = gguf_get_val_str(file, id);
        const size_t length = std::min(std::strlen(text), capacity - 1);
        std::memcpy(value, text, length);
        value[length] = '\0';
    });
}
