#include "context.h"

#include "boundary.h"
#include "model.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace {

struct context_deleter {
    void operator()(cl_context * context) const {
        llama_batch_free(context->batch);
        if (context->handle != nullptr) { llama_free(context->handle); }
        delete context;
    }
};

bool has_sequence(const cl_context * context, int32_t sequence) {
    return sequence >= 0 && sequence < context->sequences;
}

cl_status no_such_sequence(int32_t sequence) {
    return cl::fail(CL_INVALID_ARGUMENT, "there is no sequence " + std::to_string(sequence));
}

ggml_type type_of(cl_cache_type type) {
    switch (type) {
    case CL_CACHE_F16: return GGML_TYPE_F16;
    case CL_CACHE_BF16: return GGML_TYPE_BF16;
    case CL_CACHE_F32: return GGML_TYPE_F32;
    case CL_CACHE_Q8_0: return GGML_TYPE_Q8_0;
    case CL_CACHE_Q5_1: return GGML_TYPE_Q5_1;
    case CL_CACHE_Q5_0: return GGML_TYPE_Q5_0;
    case CL_CACHE_Q4_1: return GGML_TYPE_Q4_1;
    case CL_CACHE_Q4_0: return GGML_TYPE_Q4_0;
    }
    return GGML_TYPE_F16;
}

llama_flash_attn_type flash_of(cl_flash_attention flash) {
    switch (flash) {
    case CL_FLASH_AUTO: return LLAMA_FLASH_ATTN_TYPE_AUTO;
    case CL_FLASH_OFF: return LLAMA_FLASH_ATTN_TYPE_DISABLED;
    case CL_FLASH_ON: return LLAMA_FLASH_ATTN_TYPE_ENABLED;
    }
    return LLAMA_FLASH_ATTN_TYPE_AUTO;
}

bool should_abort(void * data) {
    const auto * context = static_cast<const cl_context *>(data);
    // Called in any case: it tells that the decode goes on.
    return context->should_abort(context->user_data) && context->may_abort;
}

bool has_several_sequences(const llama_batch & batch) {
    for (int32_t place = 1; place < batch.n_tokens; ++place) {
        if (batch.seq_id[place][0] != batch.seq_id[0][0]) { return true; }
    }
    return false;
}

cl_status copy_through_buffer(cl_context * context, int32_t from, int32_t to) {
    std::vector<uint8_t> buffer(llama_state_seq_get_size(context->handle, from));
    const size_t size = llama_state_seq_get_data(context->handle, buffer.data(), buffer.size(), from);
    if (size == 0 || llama_state_seq_set_data(context->handle, buffer.data(), size, to) == 0) {
        return cl::fail(CL_FAILED, "what a sequence holds could not be copied");
    }
    return CL_OK;
}

} // namespace

cl_status cl::deferred_copy() noexcept {
    return cl::fail(CL_FAILED, "a copy of a sequence is put off until the next decode, and this would not find it");
}

cl_status cl::decoded(cl_context * context, int32_t code, const char * function, cl_decode_outcome * outcome) {
    // Any other code may come from before the copies.
    if (code >= 0) { context->has_deferred_copy = false; }
    switch (code) {
    case 0: *outcome = CL_DECODED; return CL_OK;
    case 1: *outcome = CL_NO_ROOM; return CL_OK;
    case 2: *outcome = CL_ABORTED; return CL_OK;
    default: return cl::fail(CL_FAILED, std::string(function) + " answered " + std::to_string(code));
    }
}

cl_status cl_context_create(const cl_model * model, cl_context_options options, cl_context ** context) {
    return cl::guarded([&] {
        if (options.sequences < 1 || options.sequences > llama_max_parallel_sequences()) {
            return cl::fail(CL_INVALID_ARGUMENT, "the number of sequences is not within 1 and 256");
        }
        const bool pools = model->pooling() != LLAMA_POOLING_TYPE_NONE;
        if (options.embeddings && options.batch_tokens % std::max(options.sequences, 1u) != 0) {
            // llama.cpp plans its graph for sequences of one length, and asserts that they come out even.
            return cl::fail(CL_INVALID_ARGUMENT, "the batch is no multiple of the sequences");
        }
        if (options.embeddings && !pools) { return cl::fail(CL_INVALID_ARGUMENT, "the model does not say how it pools"); }
        if (options.batch_tokens < options.sequences) {
            return cl::fail(CL_INVALID_ARGUMENT, "a batch has no room for a token of each sequence");
        }
        const uint32_t length = (options.context_length + 255) / 256 * 256;
        llama_context_params params = llama_context_default_params();
        params.kv_unified = options.unified;
        params.type_k = type_of(options.key_type);
        params.type_v = type_of(options.value_type);
        params.flash_attn_type = flash_of(options.flash_attention);
        const uint32_t all = length * options.sequences;
        params.n_ctx = options.unified && options.cache_tokens > 0 ? std::min(options.cache_tokens, all) : all;
        if (options.embeddings) {
            // What a step computes is all that is ever held. Whole texts are in one pass only where they share cells.
            params.embeddings = true;
            params.kv_unified = true;
            params.n_ctx = std::max(options.batch_tokens, length);
        }
        params.n_seq_max = options.sequences;
        params.n_batch = options.batch_tokens;
        params.n_ubatch = options.batch_tokens;
        params.n_threads = (int32_t) options.threads;
        params.n_threads_batch = (int32_t) (options.batch_threads > 0 ? options.batch_threads : options.threads);
        params.no_perf = true;
        // All cells of sliding windows are kept, so that sequences can be cut there too.
        params.swa_full = true;

        std::unique_ptr<cl_context, context_deleter> holder(new cl_context{});
        holder->model = model;
        holder->capacity = (int32_t) options.batch_tokens;
        holder->sequences = (int32_t) options.sequences;
        holder->unified = params.kv_unified;
        holder->embeddings = options.embeddings;
        holder->should_abort = options.should_abort;
        holder->user_data = options.user_data;
        if (options.should_abort != nullptr) {
            params.abort_callback = should_abort;
            params.abort_callback_data = holder.get();
        }
        holder->batch = llama_batch_init(holder->capacity, 0, 1);
        holder->handle = llama_init_from_model(model->handle, params);
        if (holder->handle == nullptr) {
            return cl::fail(
                CL_FAILED, "llama.cpp could not make a context, most likely for want of memory; the log holds its reason");
        }
        // A unified cache would let one sequence take everybody's cells.
        holder->length = std::min(length, llama_n_ctx_seq(holder->handle));
        if (options.embeddings) {
            // llama.cpp asserts that whole texts fit one pass, and that positions it has learned by heart exist.
            holder->capacity = std::min(holder->capacity, (int32_t) llama_n_ubatch(holder->handle));
            holder->length = std::min(holder->length, (uint32_t) llama_model_n_ctx_train(model->handle));
        }
        *context = holder.release();
        return CL_OK;
    });
}

void cl_context_free(cl_context * context) {
    context_deleter{}(context);
}

cl_status cl_context_set_threads(cl_context * context, uint32_t threads, uint32_t batch_threads) {
    return cl::guarded([&] {
        if (threads < 1 || threads > GGML_MAX_N_THREADS || batch_threads < 1 || batch_threads > GGML_MAX_N_THREADS) {
            return cl::fail(CL_INVALID_ARGUMENT, "the number of threads is not within 1 and 512");
        }
        llama_set_n_threads(context->handle, (int32_t) threads, (int32_t) batch_threads);
        return CL_OK;
    });
}

uint32_t cl_context_length(const cl_context * context) {
    return context->length;
}

bool cl_context_cuts_sequences(const cl_context * context) {
    const llama_model * model = context->model->handle;
    return !llama_model_is_recurrent(model) && !llama_model_is_hybrid(model);
}

bool cl_context_cuts_states(const cl_context * context) {
    return cl_context_cuts_sequences(context) && llama_model_n_swa(context->model->handle) == 0;
}

void cl_batch_clear(cl_context * context) {
    context->batch.n_tokens = 0;
}

cl_status cl_batch_add(
    cl_context * context, int32_t token, int32_t position, int32_t sequence, bool wants_logits, int32_t * index) {
    llama_batch & batch = context->batch;
    if (batch.n_tokens >= context->capacity) { return cl::fail(CL_INVALID_ARGUMENT, "the batch is full"); }
    if (token < 0 || token >= llama_vocab_n_tokens(context->model->vocabulary())) {
        return cl::fail(CL_INVALID_ARGUMENT, "the vocabulary has no token " + std::to_string(token));
    }
    if (position < 0 || position >= (int32_t) context->length) {
        return cl::fail(CL_INVALID_ARGUMENT, "position " + std::to_string(position) + " lies outside the context");
    }
    if (!has_sequence(context, sequence)) { return no_such_sequence(sequence); }
    const int32_t place = batch.n_tokens;
    batch.token[place] = token;
    batch.pos[place] = position;
    batch.n_seq_id[place] = 1;
    batch.seq_id[place][0] = sequence;
    batch.logits[place] = wants_logits;
    batch.n_tokens += 1;
    *index = place;
    return CL_OK;
}

cl_status cl_context_decode(cl_context * context, cl_decode_outcome * outcome) {
    return cl::guarded([&] {
        if (context->model->measure_only) { return cl::fail(CL_INVALID_ARGUMENT, "the model has no weights"); }
        if (context->batch.n_tokens == 0) { return cl::fail(CL_INVALID_ARGUMENT, "the batch is empty"); }
        context->may_abort = cl_context_cuts_sequences(context) || !has_several_sequences(context->batch);
        const int32_t code = llama_decode(context->handle, context->batch);
        return cl::decoded(context, code, "llama_decode", outcome);
    });
}

cl_status cl_memory_clear(cl_context * context, int32_t sequence) {
    return cl_memory_cut(context, sequence, 0);
}

cl_status cl_memory_cut(cl_context * context, int32_t sequence, int32_t position) {
    return cl::guarded([&] {
        if (!has_sequence(context, sequence)) { return no_such_sequence(sequence); }
        if (!llama_memory_seq_rm(llama_get_memory(context->handle), sequence, position, -1)) {
            return cl::fail(CL_FAILED, "the model's memory cannot be cut");
        }
        return CL_OK;
    });
}

cl_status cl_memory_copy(cl_context * context, int32_t from, int32_t to, int32_t position, bool may_defer) {
    return cl::guarded([&] {
        if (!has_sequence(context, from)) { return no_such_sequence(from); }
        if (!has_sequence(context, to)) { return no_such_sequence(to); }
        const llama_memory_t memory = llama_get_memory(context->handle);
        if (context->unified && cl_context_cuts_sequences(context)) {
            llama_memory_seq_cp(memory, from, to, 0, position);
            return CL_OK;
        }
        const uint32_t held = (uint32_t) (llama_memory_seq_pos_max(memory, from) + 1);
        const bool between_streams = !context->unified && !llama_model_is_recurrent(context->model->handle);
        const bool is_whole = cl_context_cuts_states(context) || !cl_context_cuts_sequences(context);
        if (between_streams && is_whole && (!may_defer || held < context->length / 3)) {
            // Between streams llama.cpp copies all cells, the empty ones too; by way of a buffer only those in use.
            if (context->has_deferred_copy) { return cl::deferred_copy(); }
            const cl_status status = copy_through_buffer(context, from, to);
            if (status != CL_OK) { return status; }
        } else {
            llama_memory_seq_cp(memory, from, to, -1, -1);
            context->has_deferred_copy = between_streams;
        }
        const bool is_longer = llama_memory_seq_pos_max(memory, to) >= position;
        if (is_longer && !llama_memory_seq_rm(memory, to, position, -1)) {
            return cl::fail(CL_FAILED, "the model's memory cannot be cut");
        }
        return CL_OK;
    });
}

void cl_context_forget(cl_context * context) {
    llama_memory_t memory = llama_get_memory(context->handle);
    if (memory != nullptr) { llama_memory_clear(memory, false); }
}

uint32_t cl_context_embedding_size(const cl_context * context) {
    if (!context->embeddings) { return 0; }
    const llama_model * model = context->model->handle;
    const bool ranks = llama_pooling_type(context->handle) == LLAMA_POOLING_TYPE_RANK;
    return ranks ? llama_model_n_cls_out(model) : (uint32_t) llama_model_n_embd_out(model);
}

const float * cl_context_embedding(cl_context * context, int32_t sequence) {
    if (!context->embeddings || !has_sequence(context, sequence)) { return nullptr; }
    return llama_get_embeddings_seq(context->handle, sequence);
}

const float * cl_context_logits(cl_context * context, int32_t index) {
    if (index < 0 || index >= context->batch.n_tokens || !context->batch.logits[index]) { return nullptr; }
    return llama_get_logits_ith(context->handle, index);
}
