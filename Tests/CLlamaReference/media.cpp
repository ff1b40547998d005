#include "CLlamaReference.h"

#include "llama-cpp.h"
#include "mtmd-helper.h"
#include "mtmd.h"

#include <algorithm>
#include <cstring>

int32_t reference_media_greedy(
    const char * model_path, const char * projector_path, const char * media_path, const char * text, int32_t threads,
    int32_t count, int32_t * tokens) {
    const llama_model_ptr model(llama_model_load_from_file(model_path, llama_model_default_params()));
    if (!model) { return -1; }
    mtmd_context_params options = mtmd_context_params_default();
    options.n_threads = threads;
    options.print_timings = false;
    const mtmd::context_ptr projector(mtmd_init_from_file(projector_path, model.get(), options));
    if (!projector) { return -2; }
    const mtmd::bitmap media(
        mtmd_helper_bitmap_init_from_file(projector.get(), media_path, false, mtmd_helper_init_opt_default()).bitmap);
    if (!media.ptr) { return -3; }
    const mtmd_input_text prompt = {text, std::strlen(text), true, true};
    const mtmd_bitmap * bitmaps[] = {media.ptr.get()};
    const mtmd::input_chunks chunks(mtmd_input_chunks_init());
    if (mtmd_tokenize(projector.get(), chunks.ptr.get(), &prompt, bitmaps, 1) != 0) { return -4; }

    llama_context_params params = llama_context_default_params();
    params.n_ctx = 1024;
    params.n_threads = threads;
    params.n_threads_batch = threads;
    const llama_context_ptr context(llama_init_from_model(model.get(), params));
    if (!context) { return -5; }
    llama_pos past = 0;
    if (mtmd_helper_eval_chunks(projector.get(), context.get(), chunks.ptr.get(), 0, 0, 512, true, &past) != 0) { return -6; }

    const llama_vocab * vocabulary = llama_model_get_vocab(model.get());
    llama_batch batch = llama_batch_init(1, 0, 1);
    int32_t produced = 0;
    while (produced < count) {
        const float * logits = llama_get_logits_ith(context.get(), -1);
        const auto best = (llama_token) (std::max_element(logits, logits + llama_vocab_n_tokens(vocabulary)) - logits);
        if (llama_vocab_is_eog(vocabulary, best)) { break; }
        tokens[produced++] = best;
        batch.n_tokens = 1;
        batch.token[0] = best;
        batch.pos[0] = past++;
        batch.n_seq_id[0] = 1;
        batch.seq_id[0][0] = 0;
        batch.logits[0] = true;
        if (llama_decode(context.get(), batch) != 0) { return -7; }
    }
    llama_batch_free(batch);
    return produced;
}
