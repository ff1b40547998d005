#include "model.h"

#include "boundary.h"
#include "gguf.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

cl_status cl_model_load(const char * path, cl_model_options options, cl_model ** model) {
    return cl::guarded([&] {
        llama_model_params params = llama_model_default_params();
        params.vocab_only = options.vocabulary_only;
        params.n_gpu_layers = options.gpu_layers;
        params.progress_callback = options.progress;
        params.progress_callback_user_data = options.user_data;
        auto holder = std::make_unique<cl_model>();
        holder->handle = llama_model_load_from_file(path, params);
        if (holder->handle == nullptr) {
            return cl::fail(CL_FAILED, "llama.cpp could not load the file; the log holds its reason");
        }
        *model = holder.release();
        return CL_OK;
    });
}

void cl_model_free(cl_model * model) {
    llama_model_free(model->handle);
    delete model;
}

static int64_t metadata_number(const llama_model * model, const std::string & key) {
    char text[32];
    const int32_t length = llama_model_meta_val_str(model, key.c_str(), text, sizeof(text));
    return length > 0 ? std::strtoll(text, nullptr, 10) : 0;
}

// Keys and values of every layer in f16. Models that share heads differently in each layer are counted as if all were
// as wide as the first: an upper bound, since their other layers hold fewer.
static uint64_t kv_bytes_per_token(const llama_model * model) {
    char architecture[64];
    if (llama_model_meta_val_str(model, "general.architecture", architecture, sizeof(architecture)) <= 0) { return 0; }
    const std::string prefix = std::string(architecture) + ".attention.";
    const int64_t heads = std::max(llama_model_n_head(model), 1);
    const int64_t head_size = llama_model_n_embd(model) / heads;
    const int64_t key_length = metadata_number(model, prefix + "key_length");
    const int64_t value_length = metadata_number(model, prefix + "value_length");
    const int64_t width = (key_length > 0 ? key_length : head_size) + (value_length > 0 ? value_length : head_size);
    return (uint64_t) llama_model_n_layer(model) * llama_model_n_head_kv(model) * width * 2;
}

cl_model_info cl_model_get_info(const cl_model * model) {
    cl_model_info info = {};
    const llama_model * handle = model->handle;
    info.vocabulary_size = llama_vocab_n_tokens(model->vocabulary());
    info.training_context = llama_model_n_ctx_train(handle);
    info.embedding_size = llama_model_n_embd(handle);
    info.parameters = llama_model_n_params(handle);
    info.size_bytes = llama_model_size(handle);
    info.has_decoder = llama_model_has_decoder(handle);
    info.has_encoder = llama_model_has_encoder(handle);
    info.is_recurrent = llama_model_is_recurrent(handle);
    info.is_hybrid = llama_model_is_hybrid(handle);
    info.is_causal = true;
    char text[64];
    std::string key = "general.architecture";
    if (llama_model_meta_val_str(handle, key.c_str(), text, sizeof(text)) > 0) {
        key = std::string(text) + ".attention.causal";
        if (llama_model_meta_val_str(handle, key.c_str(), text, sizeof(text)) > 0) {
            info.is_causal = std::strcmp(text, "false") != 0;
        }
    }
    info.kv_bytes_per_token = kv_bytes_per_token(handle);
    return info;
}

int32_t cl_model_describe(const cl_model * model, char * buffer, size_t capacity) {
    return llama_model_desc(model->handle, buffer, capacity);
}

int32_t cl_model_metadata(const cl_model * model, const char * key, char * buffer, size_t capacity) {
    return llama_model_meta_val_str(model->handle, key, buffer, capacity);
}

cl_status cl_gguf_string(const char * path, const char * key, char * value, size_t capacity) {
    return cl::guarded([&] {
        if (capacity == 0) { return cl::fail(CL_INVALID_ARGUMENT, "no room for the value"); }
        gguf_init_params params = {};
        params.no_alloc = true;
        std::unique_ptr<gguf_context, decltype(&gguf_free)> file(gguf_init_from_file(path, params), gguf_free);
        if (!file) { return cl::fail(CL_FAILED, "not a GGUF file, or a damaged one"); }
        const int64_t id = gguf_find_key(file.get(), key);
        if (id < 0) { return cl::fail(CL_FAILED, std::string("the file has no ") + key); }
        if (gguf_get_kv_type(file.get(), id) != GGUF_TYPE_STRING) {
            return cl::fail(CL_FAILED, std::string(key) + " is not a string");
        }
        const char * text = gguf_get_val_str(file.get(), id);
        const size_t length = std::min(std::strlen(text), capacity - 1);
        std::memcpy(value, text, length);
        value[length] = '\0';
        return CL_OK;
    });
}
