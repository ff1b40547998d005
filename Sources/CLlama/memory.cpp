#include "cl_memory.h"
#include "cl_media.h"

#include "boundary.h"
#include "context.h"
#include "model.h"

#include "ggml-backend.h"
#include "mtmd.h"

#include <algorithm>
#include <map>
#include <vector>

// Of llama.cpp's src/llama-ext.h, which is not installed; MeasureTests compares what it gives with known sizes.
struct llama_memory_breakdown_data {
    size_t model = 0;
    size_t context = 0;
    size_t compute = 0;
};
std::map<ggml_backend_buffer_type_t, llama_memory_breakdown_data> llama_get_memory_breakdown(const llama_context * context);

namespace {

std::vector<ggml_backend_dev_t> gpus() {
    std::vector<ggml_backend_dev_t> found;
    for (size_t index = 0; index < ggml_backend_dev_count(); ++index) {
        ggml_backend_dev_t device = ggml_backend_dev_get(index);
        const enum ggml_backend_dev_type type = ggml_backend_dev_type(device);
        if (type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU) { found.push_back(device); }
    }
    return found;
}

// The entry of a device: the host's where it is no GPU.
size_t place_of(ggml_backend_dev_t device, const std::vector<ggml_backend_dev_t> & devices) {
    const auto found = std::find(devices.begin(), devices.end(), device);
    return found != devices.end() ? 1 + (size_t) (found - devices.begin()) : 0;
}

} // namespace

cl_status cl_context_memory(const cl_context * context, cl_memory_use * uses, size_t capacity) {
    return cl::guarded([&] {
        const std::vector<ggml_backend_dev_t> devices = gpus();
        if (capacity != devices.size() + 1) { return cl::fail(CL_INVALID_ARGUMENT, "one entry for the host and for each GPU"); }
        std::fill_n(uses, capacity, cl_memory_use{});
        for (const auto & [type, bytes] : llama_get_memory_breakdown(context->handle)) {
            // Pinned memory of a GPU's driver is the host's; so are weights that were repacked for the CPU, although
            // their buffers say that they are not.
            size_t place = 0;
            if (!ggml_backend_buft_is_host(type)) { place = place_of(ggml_backend_buft_get_device(type), devices); }
            uses[place].weights += bytes.model;
            uses[place].cache += bytes.context;
            uses[place].compute += bytes.compute;
        }
        // The breakdown leaves out the logits: a row for each sequence. A context for embeddings has no use for them, but
        // llama.cpp keeps a row for each token of a step, and the token's vector.
        uint64_t row = (uint64_t) llama_vocab_n_tokens(context->model->vocabulary());
        if (context->embeddings) { row += (uint64_t) llama_model_n_embd_out(context->model->handle); }
        uses[0].compute += (uint64_t) (context->embeddings ? context->capacity : context->sequences) * row * sizeof(float);
        return CL_OK;
    });
}

cl_status cl_projector_memory(const char * path, bool use_gpu, cl_memory_use * uses, size_t capacity) {
    return cl::guarded([&] {
        const std::vector<ggml_backend_dev_t> devices = gpus();
        if (capacity != devices.size() + 1) { return cl::fail(CL_INVALID_ARGUMENT, "one entry for the host and for each GPU"); }
        std::fill_n(uses, capacity, cl_memory_use{});
        mtmd_context_params params = mtmd_context_params_default();
        params.use_gpu = use_gpu;
        const auto sizes = mtmd_get_memory_usage(path, params);
        if (sizes.empty()) { return cl::fail(CL_FAILED, "llama.cpp could not read the projector; the log holds its reason"); }
        for (const auto & [device, bytes] : sizes) { uses[place_of(device, devices)].weights += bytes; }
        return CL_OK;
    });
}

int32_t cl_gpu_count(void) { return (int32_t) gpus().size(); }

const char * cl_gpu_name(int32_t index) { return ggml_backend_dev_name(gpus()[(size_t) index]); }

void cl_gpu_memory(int32_t index, uint64_t * free_bytes, uint64_t * total_bytes) {
    size_t available = 0;
    size_t total = 0;
    ggml_backend_dev_memory(gpus()[(size_t) index], &available, &total);
    *free_bytes = available;
    *total_bytes = total;
}
