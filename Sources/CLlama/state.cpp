#include "boundary.h"
#include "context.h"

#include <memory>
#include <string>
#include <vector>

struct cl_state {
    std::vector<uint8_t> bytes;
};

namespace {

bool has_sequence(const cl_context * context, int32_t sequence) {
    return sequence >= 0 && sequence < context->sequences;
}

cl_status no_such_sequence(int32_t sequence) {
    return cl::fail(CL_INVALID_ARGUMENT, "there is no sequence " + std::to_string(sequence));
}

} // namespace

cl_status cl_state_save(cl_context * context, int32_t sequence, cl_state ** state) {
    return cl::guarded([&] {
        if (!has_sequence(context, sequence)) { return no_such_sequence(sequence); }
        if (context->has_deferred_copy) { return cl::deferred_copy(); }
        auto holder = std::make_unique<cl_state>();
        holder->bytes.resize(llama_state_seq_get_size(context->handle, sequence));
        const size_t size =
            llama_state_seq_get_data(context->handle, holder->bytes.data(), holder->bytes.size(), sequence);
        if (size == 0) { return cl::fail(CL_FAILED, "llama.cpp could not save what a sequence holds"); }
        holder->bytes.resize(size);
        *state = holder.release();
        return CL_OK;
    });
}

cl_status cl_state_restore(cl_context * context, int32_t sequence, const uint8_t * bytes, size_t size) {
    return cl::guarded([&] {
        if (!has_sequence(context, sequence)) { return no_such_sequence(sequence); }
        if (context->has_deferred_copy) { return cl::deferred_copy(); }
        if (llama_state_seq_set_data(context->handle, bytes, size, sequence) == 0) {
            return cl::fail(CL_FAILED, "llama.cpp could not restore what a sequence held: no room, or another model's");
        }
        return CL_OK;
    });
}

void cl_state_free(cl_state * state) { delete state; }

const uint8_t * cl_state_bytes(const cl_state * state, size_t * size) {
    *size = state->bytes.size();
    return state->bytes.data();
}

size_t cl_state_size(cl_context * context, int32_t sequence) {
    return has_sequence(context, sequence) ? llama_state_seq_get_size(context->handle, sequence) : 0;
}
