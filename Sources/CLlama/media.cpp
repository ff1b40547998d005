#include "cl_media.h"

#include "boundary.h"
#include "context.h"
#include "gguf_file.h"
#include "image.h"
#include "model.h"
#include "sound.h"

#include "llama-cpp.h"
#include "mtmd.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

std::string hash_sha256_hex(const void * data, size_t len);

struct cl_projector {
    mtmd_context * handle = nullptr;
    const cl_model * model = nullptr;
    uint32_t width = 0;
    uint32_t sample_rate = 0; // 0 where it does not hear
    cl::ears ears;
    bool (*should_abort)(void * user_data) = nullptr;
    void * user_data = nullptr;
    // Since it was last looked whether to go on, of the graph under way.
    int32_t nodes = 0;
    int64_t work = 0;
    bool is_aborted = false;
};

struct cl_media_prompt {
    struct piece {
        const mtmd_input_chunk * chunk;
        cl_prompt_piece description;
    };
    mtmd::input_chunks chunks;
    std::vector<piece> pieces;
};

namespace {

struct projector_deleter {
    void operator()(cl_projector * projector) const {
        mtmd_free(projector->handle);
        delete projector;
    }
};

// How many nodes of the encoder's graph, and how many multiplications and additions, are computed between two looks at whether
// to go on: some milliseconds.
constexpr int32_t nodes_between_polls = 16;
constexpr int64_t work_between_polls = 100'000'000;

// Multiplications and additions that a node takes, by the operations that take long.
int64_t work_of(const ggml_tensor * node) {
    const int64_t results = ggml_nelements(node);
    switch (node->op) {
    case GGML_OP_MUL_MAT: return results * node->src[0]->ne[0];
    // Queries by keys, and those weights by values.
    case GGML_OP_FLASH_ATTN_EXT: return 2 * results * node->src[1]->ne[1];
    default: return results;
    }
}

// Asked of each node whether it is to be stopped behind, and told when it is computed.
bool watch_encoder(ggml_tensor * node, bool asks, void * data) {
    auto * projector = static_cast<cl_projector *>(data);
    if (asks) {
        projector->work += work_of(node);
        if (++projector->nodes < nodes_between_polls && projector->work < work_between_polls) { return false; }
        projector->nodes = 0;
        projector->work = 0;
        return true;
    }
    if (projector->should_abort != nullptr && projector->should_abort(projector->user_data)) { projector->is_aborted = true; }
    return !projector->is_aborted;
}

bool flag(const gguf_context * file, const char * key) {
    const int64_t index = cl::find_key(file, key, GGUF_TYPE_BOOL);
    return index >= 0 && gguf_get_val_bool(file, index);
}

// What mtmd would assert on, and the end of a file that it would not miss.
cl_status check_header(const char * path, cl::ears & ears) {
    const cl::gguf_header file = cl::read_header(path);
    if (!file) { return cl::fail(CL_FAILED, "not a GGUF file, or a damaged one"); }
    const bool hears = flag(file.get(), "clip.has_audio_encoder");
    if (!hears && !flag(file.get(), "clip.has_vision_encoder")) {
        return cl::fail(CL_FAILED, "the file holds no encoder of images or sound");
    }
    if (!cl::is_whole(file.get(), path)) { return cl::fail(CL_FAILED, "the file is shorter than its header says"); }
    try {
        if (hears) { ears = cl::read_ears(file.get()); }
    } catch (const std::runtime_error & error) { return cl::fail(CL_FAILED, error.what()); }
    return CL_OK;
}

mtmd_context_params parameters(bool use_gpu) {
    mtmd_context_params params = mtmd_context_params_default();
    params.use_gpu = use_gpu;
    params.print_timings = false;
    return params;
}

// Of all that the vectors and positions of a piece of media depend on: its file or samples, which of its pieces it is, how many
// tokens it got where it stands, and where each of them lies.
void digest(const std::string & hash, size_t ordinal, const mtmd_input_chunk * chunk, uint64_t (&digest)[2]) {
    std::string text = hash + "/" + std::to_string(ordinal);
    const mtmd_image_tokens * tokens = mtmd_input_chunk_get_tokens_image(chunk);
    const size_t count = mtmd_input_chunk_get_n_tokens(chunk);
    for (size_t index = 0; tokens != nullptr && index < count; ++index) {
        const mtmd_decoder_pos position = mtmd_image_tokens_get_decoder_pos(tokens, 0, index);
        const uint32_t numbers[] = {position.t, position.x, position.y, position.z};
        text.append(reinterpret_cast<const char *>(numbers), sizeof(numbers));
    }
    const std::string hex = hash_sha256_hex(text.data(), text.size());
    for (size_t half = 0; half < 2; ++half) { digest[half] = std::stoull(hex.substr(half * 16, 16), nullptr, 16); }
}

struct causal_again {
    llama_context * context;
    ~causal_again() {
        if (context != nullptr) { llama_set_causal_attn(context, true); }
    }
};

} // namespace

cl_status cl_projector_load(
    const char * path, const cl_model * model, cl_projector_options options, cl_projector ** projector) {
    return cl::guarded([&] {
        if (model->measure_only) { return cl::fail(CL_INVALID_ARGUMENT, "the model has no weights"); }
        if (options.threads < 1 || options.threads > GGML_MAX_N_THREADS) {
            return cl::fail(CL_INVALID_ARGUMENT, "the number of threads is not within 1 and 512");
        }
        cl::ears ears;
        const cl_status status = check_header(path, ears);
        if (status != CL_OK) { return status; }
        std::unique_ptr<cl_projector, projector_deleter> holder(new cl_projector{});
        holder->model = model;
        holder->should_abort = options.should_abort;
        holder->user_data = options.user_data;
        mtmd_context_params params = parameters(options.use_gpu);
        params.n_threads = (int) options.threads;
        params.cb_eval = watch_encoder;
        params.cb_eval_user_data = holder.get();
        holder->handle = mtmd_init_from_file(path, model->handle, params);
        if (holder->handle == nullptr) {
            return cl::fail(
                CL_FAILED, "llama.cpp could not load the projector, or it belongs to another model; the log holds its reason");
        }
        holder->ears = ears;
        if (mtmd_support_audio(holder->handle)) {
            const int rate = mtmd_get_audio_sample_rate(holder->handle);
            if (rate <= 0) { return cl::fail(CL_FAILED, "the encoder of sound has no sample rate"); }
            holder->sample_rate = (uint32_t) rate;
        }
        // It has compared this with the width that it gives.
        holder->width = (uint32_t) llama_model_n_embd_inp(model->handle);
        *projector = holder.release();
        return CL_OK;
    });
}

void cl_projector_free(cl_projector * projector) { projector_deleter{}(projector); }

uint32_t cl_projector_width(const cl_projector * projector) { return projector->width; }

bool cl_projector_sees(const cl_projector * projector) { return mtmd_support_vision(projector->handle); }

uint32_t cl_projector_sample_rate(const cl_projector * projector) { return projector->sample_rate; }

uint32_t cl_projector_longest_sound(const cl_projector * projector) { return projector->ears.most / 1000; }

uint32_t cl_projector_sound_tokens(const cl_projector * projector) { return projector->ears.tokens; }

cl_status cl_media_prompt_create(
    const cl_projector * projector, const cl_prompt_part * parts, size_t count, cl_media_prompt ** prompt) {
    return cl::guarded([&] {
        std::vector<mtmd::bitmap> bitmaps;
        // Of each image and sound, of its content.
        std::vector<std::string> hashes;
        std::vector<mtmd_input_text> texts;
        // Addresses in them are kept below.
        bitmaps.reserve(count);
        texts.reserve(count);
        std::vector<mtmd_input_part> all;
        for (size_t index = 0; index < count; ++index) {
            const cl_prompt_part & part = parts[index];
            if (part.text != nullptr) {
                if (part.length == 0) { continue; }
                texts.push_back({part.text, part.length, false, true});
                all.push_back({&texts.back(), nullptr});
                continue;
            }
            if (part.image != nullptr) {
                if (!mtmd_support_vision(projector->handle)) { return cl::fail(CL_INVALID_ARGUMENT, "the model does not see"); }
                bitmaps.emplace_back(part.image->width, part.image->height, part.image->pixels.data());
            } else {
                const uint32_t rate = projector->sample_rate;
                if (rate == 0) { return cl::fail(CL_INVALID_ARGUMENT, "the model does not hear"); }
                if (part.sound->samples.size() > (size_t) projector->ears.most * rate / 1000) {
                    return cl::fail(CL_INVALID_ARGUMENT, "the sound is longer than the model hears");
                }
                const std::vector<float> samples = cl::fitted(part.sound->samples, projector->ears, rate);
                bitmaps.emplace_back(mtmd_bitmap_init_from_audio(samples.size(), samples.data()));
            }
            // Tells its pieces from those of the next one, even of the same one.
            bitmaps.back().set_id(std::to_string(hashes.size()).c_str());
            hashes.push_back(part.image != nullptr ? part.image->hash : part.sound->hash);
            all.push_back({nullptr, bitmaps.back().ptr.get()});
        }
        std::vector<const mtmd_input_part *> pointers;
        for (const auto & part : all) { pointers.push_back(&part); }
        auto holder = std::make_unique<cl_media_prompt>();
        holder->chunks.ptr.reset(mtmd_input_chunks_init());
        const int32_t code = mtmd_tokenize_from_parts(
            projector->handle, holder->chunks.ptr.get(), pointers.data(), pointers.size(), true);
        if (code != 0) { return cl::fail(CL_FAILED, "an image or sound can't be made into what the model takes"); }
        const int32_t vocabulary = llama_vocab_n_tokens(projector->model->vocabulary());
        std::vector<size_t> pieces(hashes.size());
        for (size_t index = 0; index < holder->chunks.size(); ++index) {
            const mtmd_input_chunk * chunk = holder->chunks[index];
            cl_prompt_piece piece = {};
            piece.token_count = mtmd_input_chunk_get_n_tokens(chunk);
            piece.positions = mtmd_input_chunk_get_n_pos(chunk);
            if (mtmd_input_chunk_get_type(chunk) == MTMD_INPUT_CHUNK_TYPE_TEXT) {
                piece.tokens = mtmd_input_chunk_get_tokens_text(chunk, &piece.token_count);
                piece.positions = (int32_t) piece.token_count;
                // A token that it has looked up and not found is -1.
                const bool are_known = std::all_of(piece.tokens, piece.tokens + piece.token_count, [&](llama_token token) {
                    return token >= 0 && token < vocabulary;
                });
                if (!are_known) { return cl::fail(CL_FAILED, "the model has no token for what goes with images or sound"); }
            } else {
                const size_t medium = std::strtoull(mtmd_input_chunk_get_id(chunk), nullptr, 10);
                if (piece.token_count == 0 || piece.positions <= 0 || medium >= hashes.size()) {
                    return cl::fail(CL_FAILED, "an image or sound gives no tokens");
                }
                piece.is_sound = mtmd_input_chunk_get_type(chunk) == MTMD_INPUT_CHUNK_TYPE_AUDIO;
                piece.is_whole = mtmd_decode_use_non_causal(projector->handle, chunk);
                digest(hashes[medium], pieces[medium]++, chunk, piece.digest);
            }
            holder->pieces.push_back({chunk, piece});
        }
        *prompt = holder.release();
        return CL_OK;
    });
}

void cl_media_prompt_free(cl_media_prompt * prompt) { delete prompt; }

size_t cl_media_prompt_count(const cl_media_prompt * prompt) { return prompt->pieces.size(); }

cl_prompt_piece cl_media_prompt_piece(const cl_media_prompt * prompt, size_t index) {
    return prompt->pieces[index].description;
}

cl_status cl_projector_encode(
    cl_projector * projector, const cl_media_prompt * prompt, size_t index, float * vectors, size_t capacity,
    bool * aborted) {
    return cl::guarded([&] {
        if (index >= prompt->pieces.size() || prompt->pieces[index].description.tokens != nullptr) {
            return cl::fail(CL_INVALID_ARGUMENT, "there is no image or sound there");
        }
        const auto & piece = prompt->pieces[index];
        const size_t count = piece.description.token_count * projector->width;
        if (capacity != count) { return cl::fail(CL_INVALID_ARGUMENT, "no room for the vectors"); }
        projector->nodes = 0;
        projector->work = 0;
        projector->is_aborted = false;
        const int32_t code = mtmd_encode_chunk(projector->handle, piece.chunk);
        *aborted = projector->is_aborted;
        if (projector->is_aborted) { return CL_OK; }
        if (code != 0) { return cl::fail(CL_FAILED, "llama.cpp could not encode an image or sound; the log holds its reason"); }
        std::memcpy(vectors, mtmd_get_output_embd(projector->handle), count * sizeof(float));
        // In a KV cache that sequences share, it would reach the others.
        if (!std::all_of(vectors, vectors + count, [](float number) { return std::isfinite(number); })) {
            return cl::fail(CL_FAILED, "the encoder gave what is no number");
        }
        return CL_OK;
    });
}

cl_status cl_context_decode_media(
    cl_context * context, const cl_projector * projector, const cl_media_prompt * prompt, size_t index,
    const float * vectors, size_t first, size_t count, int32_t sequence, int32_t position,
    cl_decode_outcome * outcome) {
    return cl::guarded([&] {
        if (index >= prompt->pieces.size() || prompt->pieces[index].description.tokens != nullptr) {
            return cl::fail(CL_INVALID_ARGUMENT, "there is no image or sound there");
        }
        const auto & piece = prompt->pieces[index];
        const cl_prompt_piece & description = piece.description;
        if (sequence < 0 || sequence >= context->sequences) { return cl::fail(CL_INVALID_ARGUMENT, "there is no such sequence"); }
        if (context->embeddings || projector->model != context->model) {
            return cl::fail(CL_INVALID_ARGUMENT, "the projector is not one of this context's model");
        }
        if (count == 0 || first >= description.token_count || count > description.token_count - first) {
            return cl::fail(CL_INVALID_ARGUMENT, "it has no such tokens");
        }
        if (description.is_whole && count != description.token_count) {
            return cl::fail(CL_INVALID_ARGUMENT, "it is attended to as a whole");
        }
        // llama.cpp asserts that a batch fits, and that a whole one fits a micro-batch.
        const size_t capacity = std::min((size_t) context->capacity, (size_t) llama_n_ubatch(context->handle));
        if (count > capacity) { return cl::fail(CL_INVALID_ARGUMENT, "its tokens do not fit a batch"); }
        if (position < 0 || description.positions > (int32_t) context->length - position) {
            return cl::fail(CL_INVALID_ARGUMENT, "it lies outside the context");
        }
        const bool uses_grid = mtmd_decode_use_mrope(projector->handle);
        const mtmd_image_tokens * tokens = mtmd_input_chunk_get_tokens_image(piece.chunk);
        const llama_batch_ext_ptr batch(llama_batch_ext_init(context->handle));
        for (size_t token = first; token < first + count; ++token) {
            const llama_embd row = {vectors + token * projector->width, 1, projector->width};
            const int32_t place = llama_batch_ext_add_embd(batch.get(), sequence, row);
            if (place < 0) { return cl::fail(CL_FAILED, "llama.cpp did not take a vector"); }
            const llama_pos next = position + (int32_t) token;
            llama_pos positions[GGML_MROPE_SECTIONS] = {next, next, next, next};
            // Sound has one dimension, in which it goes on like text.
            if (uses_grid && tokens != nullptr) {
                const mtmd_decoder_pos grid = mtmd_image_tokens_get_decoder_pos(tokens, position, token);
                positions[0] = (llama_pos) grid.t;
                positions[1] = (llama_pos) grid.y;
                positions[2] = (llama_pos) grid.x;
                positions[3] = (llama_pos) grid.z;
            }
            llama_batch_ext_set_pos(batch.get(), place, positions);
        }
        const causal_again scope = {description.is_whole ? context->handle : nullptr};
        if (description.is_whole) { llama_set_causal_attn(context->handle, false); }
        context->may_abort = true;
        const int32_t code = llama_process(context->handle, LLAMA_PROCESS_TYPE_DECODE, batch.get());
        return cl::decoded(context, code, "llama_process", outcome);
    });
}
