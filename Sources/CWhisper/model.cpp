#include "model.h"

#include "boundary.h"
#include "model_file.h"
#include "native.h"

#include <stdexcept>

namespace {

// A file that has been checked, as whisper.cpp reads it.
struct source {
    std::FILE * file;
    bool is_short = false; // somebody has cut it meanwhile
};

size_t read(void * context, void * output, size_t count) {
    auto * from = static_cast<source *>(context);
    const size_t got = std::fread(output, 1, count, from->file);
    if (got < count) { from->is_short = true; }
    return got;
}

bool is_at_end(void * context) { return static_cast<source *>(context)->is_short; }
void close(void *) {}

// The heads whose attention follows the words, where they are known: OpenAI measured them for its own models.
whisper_alignment_heads_preset preset(const cw_model_info & info) {
    if (info.audio_context != 1500 || info.text_context != 448) { return WHISPER_AHEADS_N_TOP_MOST; }
    const bool english = !info.is_multilingual;
    const auto is = [&](int32_t layers, int32_t width) { return info.text_layers == layers && info.text_state == width; };
    if (is(4, 384)) { return english ? WHISPER_AHEADS_TINY_EN : WHISPER_AHEADS_TINY; }
    if (is(6, 512)) { return english ? WHISPER_AHEADS_BASE_EN : WHISPER_AHEADS_BASE; }
    if (is(12, 768)) { return english ? WHISPER_AHEADS_SMALL_EN : WHISPER_AHEADS_SMALL; }
    if (is(24, 1024)) { return english ? WHISPER_AHEADS_MEDIUM_EN : WHISPER_AHEADS_MEDIUM; }
    if (is(32, 1280)) { return info.mels == 128 ? WHISPER_AHEADS_LARGE_V3 : WHISPER_AHEADS_LARGE_V2; }
    if (is(4, 1280) && info.vocabulary == 51866) { return WHISPER_AHEADS_LARGE_V3_TURBO; }
    return WHISPER_AHEADS_N_TOP_MOST;
}

} // namespace

cw_model::~cw_model() {
    for (const auto & states : idle) {
        for (whisper_state * state : states) { whisper_free_state(state); }
    }
    cw::free_face(aligning);
    cw::free_face(plain);
    whisper_free(context);
}

void cw_model::make_faces() {
    std::call_once(faces, [this] {
        whisper_context_params params = whisper_context_default_params();
        params.use_gpu = false;
        params.flash_attn = false;
        plain = cw::make_face(context, params);
        params.dtw_token_timestamps = true;
        params.dtw_aheads_preset = preset(info);
        // As OpenAI does where it does not know the heads: the upper half of the layers.
        params.dtw_n_top = info.text_layers - info.text_layers / 2;
        aligning = cw::make_face(context, params);
    });
}

whisper_state * cw_model::take_state(bool aligns) {
    {
        const std::lock_guard<std::mutex> guard(lock);
        auto & states = idle[aligns];
        if (!states.empty()) {
            whisper_state * state = states.back();
            states.pop_back();
            return state;
        }
    }
    if (aligns) { make_faces(); }
    return cw::make_state(aligns ? aligning : context);
}

void cw_model::give_back(whisper_state * state, bool aligns) noexcept {
    const std::lock_guard<std::mutex> guard(lock);
    try {
        idle[aligns].push_back(state);
    } catch (const std::bad_alloc &) {
        whisper_free_state(state);
    }
}

cw_status cw_model_load(const char * path, bool uses_gpu, cw_model ** model) {
    return cw::guarded([&] {
        cw::file_handle file(std::fopen(path, "rb"));
        if (!file) { return cw::fail(CW_INVALID_ARGUMENT, "it can't be opened"); }
        auto loaded = std::make_unique<cw_model>();
        try {
            loaded->info = cw::check_model(file.get());
        } catch (const std::runtime_error & error) {
            return cw::fail(CW_INVALID_ARGUMENT, error.what());
        }
        std::rewind(file.get());
        source from = {file.get()};
        whisper_model_loader loader = {&from, read, is_at_end, close};
        whisper_context_params params = whisper_context_default_params();
        params.use_gpu = uses_gpu;
        loaded->context = whisper_init_with_params_no_state(&loader, params);
        if (loaded->context == nullptr) { return cw::fail(CW_FAILED, "whisper.cpp does not load it"); }
        if (!cw::has_text(loaded->context, " ")) { return cw::fail(CW_FAILED, "its table of tokens has no space"); }
        *model = loaded.release();
        return CW_OK;
    });
}

void cw_model_free(cw_model * model) { delete model; }

cw_model_info cw_model_information(const cw_model * model) { return model->info; }

const char * cw_model_token_text(const cw_model * model, int32_t token, size_t * length) {
    const std::string & text = cw::token_text(model->context, token);
    *length = text.size();
    return text.data();
}

int32_t cw_model_first_special_token(const cw_model * model) { return whisper_token_eot(model->context); }

int32_t cw_language(const char * name) {
    for (int32_t language = 0; language <= whisper_lang_max_id(); language++) {
        const std::string wanted = name;
        if (wanted == whisper_lang_str(language) || wanted == whisper_lang_str_full(language)) { return language; }
    }
    return -1;
}

const char * cw_language_code(int32_t language) {
    return language >= 0 && language < cw_language_count() ? whisper_lang_str(language) : nullptr;
}

const char * cw_language_name(int32_t language) {
    return language >= 0 && language < cw_language_count() ? whisper_lang_str_full(language) : nullptr;
}

int32_t cw_language_count(void) { return whisper_lang_max_id() + 1; }
