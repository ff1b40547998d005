#include "alignment.h"
#include "boundary.h"
#include "cw_run.h"
#include "model.h"
#include "native.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

struct cw_session {
    cw_model * model;
    whisper_context * context; // the face that it computes with
    whisper_state * state;
    bool aligns;
    bool is_sound = true; // whether its memory may serve another run

    ~cw_session() {
        if (is_sound) {
            cw::clear(state);
            model->give_back(state, aligns);
        } else {
            whisper_free_state(state);
        }
    }
};

namespace {

// Behind the end of the sound, in positions: models are trained with silence there.
constexpr int audio_margin = 64;
// Attention sees blocks of 256 positions, zeroes where one is not full: contexts are whole blocks, or have half of one more.
constexpr int audio_block = 128, least_audio_context = 256;
// Of a position, in centiseconds.
constexpr int position_length = 2;
// Between two questions in the middle of a graph, in microseconds.
constexpr int64_t question_interval = 2000;
// Of a prompt, from its end: far more than the decoder takes, and what whisper.cpp's regular expressions survive.
constexpr size_t longest_prompt = 4096;
constexpr int fewest_samples = 1600;

// One run, as whisper.cpp's callbacks see it.
struct run {
    cw_session & session;
    const cw_options & options;
    const cw_callbacks & callbacks;
    cw_outcome & outcome;
    int language;
    bool has_ended = false;
    int known_positions = 0; // of the first window, where it is encoded already
    int64_t last_question = 0;
    int known_percent = 0;
    int handed = 0;          // segments that the callback has had
    int window_fallbacks = 0; // of all windows before this one
    std::vector<float> first_scores; // of the window

    bool may_go_on(cw_pace pace) {
        if (has_ended) { return false; }
        has_ended = !callbacks.pace(pace, callbacks.user_data);
        last_question = ggml_time_us();
        return !has_ended;
    }

    // Whether to break off, between two operations.
    bool is_over() {
        if (has_ended) { return true; }
        cw::keep_first_scores(session.context, session.state);
        return ggml_time_us() - last_question >= question_interval && !may_go_on(CW_PACE_OPERATION);
    }

    bool end_step() {
        if (!may_go_on(CW_PACE_STEP)) { return false; }
        cw::fill_first_scores(session.context, session.state, options.threads, first_scores);
        return !has_ended;
    }

    void count_encoder_run() {
        outcome.encoder_runs += 1;
        outcome.encoder_positions += cw::audio_context(session.context, session.state);
    }

    // A window is about to be encoded: what the one before gave is complete.
    bool begin_window() {
        hand_over(false);
        window_fallbacks = cw::fallback_count(session.state);
        first_scores.clear();
        if (options.audio_context == 0) {
            // Where the window begins is known to the percent that was reported last.
            const int64_t length = cw::mel_length(session.state);
            const int64_t rest = length - length * known_percent / 100;
            cw::set_audio_context(session.state, cw_fitting_audio_context(&session.model->info, rest));
        }
        cw::clear_padding(session.context, session.state);
        const bool is_known = known_positions == cw::audio_context(session.context, session.state);
        known_positions = 0;
        cw::keep_encoding(is_known ? session.state : nullptr);
        if (is_known) { return may_go_on(CW_PACE_STEP); }
        if (!may_go_on(CW_PACE_ENCODER)) { return false; }
        count_encoder_run();
        return true;
    }

    // Gives out the segments of a window, the sound's last or not, with times for their tokens where that was asked for.
    void hand_over(bool is_last) {
        const int count = whisper_full_n_segments_from_state(session.state);
        if (count <= handed) { return; }
        const int64_t seek = window_begin(handed);
        std::vector<std::vector<cw_token>> tokens;
        for (int segment = handed; segment < count; segment++) { tokens.push_back(tokens_of(segment)); }
        if (session.aligns && !has_ended) {
            align(tokens, seek);
            for (int segment = handed; segment < count; segment++) { spread(tokens[(size_t) (segment - handed)], segment); }
        }
        const int fallbacks = cw::fallback_count(session.state) - window_fallbacks;
        for (int segment = handed; segment < count; segment++) {
            const auto & own = tokens[(size_t) (segment - handed)];
            cw_segment result = {};
            result.seek = seek;
            result.start = std::max(seek, whisper_full_get_segment_t0_from_state(session.state, segment));
            result.end = std::max(result.start, whisper_full_get_segment_t1_from_state(session.state, segment));
            result.bound = is_last ? cw::mel_length(session.state) : result.end;
            for (size_t later = tokens.size() - 1; later > (size_t) (segment - handed); later--) {
                result.bound = first_start(tokens[later], result.bound);
            }
            result.no_speech_probability = whisper_full_get_segment_no_speech_prob_from_state(session.state, segment);
            result.temperature = options.temperature + options.temperature_step * (float) fallbacks;
            result.tokens = own.data();
            result.token_count = own.size();
            callbacks.segment(&result, callbacks.user_data);
        }
        handed = count;
    }

    // The first segment of a window begins with the timestamp that its begin was computed from.
    int64_t window_begin(int segment) {
        const int64_t start = whisper_full_get_segment_t0_from_state(session.state, segment);
        if (whisper_full_n_tokens_from_state(session.state, segment) == 0) { return start; }
        const whisper_token_data first = whisper_full_get_token_data_from_state(session.state, segment, 0);
        return std::max<int64_t>(0, start - position_length * (first.tid - whisper_token_beg(session.context)));
    }

    std::vector<cw_token> tokens_of(int segment) {
        std::vector<cw_token> tokens;
        const int count = whisper_full_n_tokens_from_state(session.state, segment);
        for (int index = 0; index < count; index++) {
            const whisper_token_data data = whisper_full_get_token_data_from_state(session.state, segment, index);
            tokens.push_back({data.id, data.plog, -1, -1});
        }
        return tokens;
    }

    // Where a segment's words begin; where it has none, what is given.
    int64_t first_start(const std::vector<cw_token> & tokens, int64_t otherwise) {
        for (const auto & token : tokens) {
            if (token.id < whisper_token_eot(session.context) && token.start >= 0) { return token.start; }
        }
        return otherwise;
    }

    // Where attention could not be read, a segment's tokens share its time.
    void spread(std::vector<cw_token> & tokens, int segment) {
        const int end_of_text = whisper_token_eot(session.context);
        int64_t count = 0, place = 0;
        for (const auto & token : tokens) { count += token.id < end_of_text && token.start < 0 ? 1 : 0; }
        const int64_t start = whisper_full_get_segment_t0_from_state(session.state, segment);
        const int64_t length = std::max<int64_t>(
            0, std::min<int64_t>(whisper_full_get_segment_t1_from_state(session.state, segment), cw::mel_length(session.state)) - start);
        for (auto & token : tokens) {
            if (token.id >= end_of_text || token.start >= 0) { continue; }
            token.start = start + length * place / count;
            place += 1;
            token.end = start + length * place / count;
        }
    }

    void align(std::vector<std::vector<cw_token>> & segments, int64_t seek) {
        whisper_context * face = session.model->aligning;
        const int end_of_text = whisper_token_eot(face);
        std::vector<whisper_token> sequence = {whisper_token_sot(face)};
        if (whisper_is_multilingual(face)) {
            sequence.push_back(whisper_token_lang(face, language));
            sequence.push_back(options.translates ? whisper_token_translate(face) : whisper_token_transcribe(face));
        }
        const int first = (int) sequence.size();
        sequence.push_back(whisper_token_not(face));
        std::vector<cw_token *> text;
        for (auto & tokens : segments) {
            for (auto & token : tokens) {
                if (token.id >= end_of_text) { continue; }
                text.push_back(&token);
                sequence.push_back(token.id);
            }
        }
        if (text.empty()) { return; }
        sequence.push_back(end_of_text);
        std::vector<float> weights;
        int positions = 0, heads = 0;
        if (!cw::read_attention(face, session.state, sequence, options.threads, weights, positions, heads)) { return; }
        const int64_t rest = (cw::mel_length(session.state) - seek) / position_length;
        const int used = (int) std::min<int64_t>(positions, rest);
        if (used <= 0) { return; }
        const auto begins = cw::align(
            weights, heads, positions, (int) sequence.size(), used, first, (int) text.size() + 1);
        for (size_t index = 0; index < text.size(); index++) {
            text[index]->start = seek + position_length * begins[index];
            text[index]->end = seek + position_length * begins[index + 1];
        }
    }
};

bool on_operation(void * data) { return static_cast<run *>(data)->is_over(); }
bool on_step(void * data) { return !static_cast<run *>(data)->end_step(); }

bool on_window(whisper_context *, whisper_state *, void * data) { return static_cast<run *>(data)->begin_window(); }

void on_progress(whisper_context *, whisper_state *, int percent, void * data) {
    static_cast<run *>(data)->known_percent = std::clamp(percent, 0, 100);
}

// Has whisper.cpp's graphs ask the run, for as long as this lives; none is taken for known behind it.
struct watch {
    whisper_state * state;
    watch(whisper_state * state, run & run) : state(state) { cw::watch(state, on_operation, &run); }
    ~watch() {
        cw::keep_encoding(nullptr);
        cw::watch(state, nullptr, nullptr);
    }
};

std::vector<whisper_token> prompt_tokens(whisper_context * context, const char * prompt) {
    std::string text = prompt == nullptr ? "" : prompt;
    if (text.size() > longest_prompt) {
        size_t begin = text.size() - longest_prompt;
        while (begin < text.size() && ((unsigned char) text[begin] & 0xC0) == 0x80) { begin += 1; }
        text.erase(0, begin);
    }
    std::vector<whisper_token> tokens(text.size() + 1);
    const int count = whisper_tokenize(context, text.c_str(), tokens.data(), (int) tokens.size());
    tokens.resize((size_t) std::max(count, 0));
    return tokens;
}

// Of the languages that may be found; without any, the one that was found.
int likeliest(const std::vector<float> & probabilities, const cw_options & options, int found) {
    int best = -1;
    for (int language = 0; language < (int) probabilities.size() && language < 128; language++) {
        const bool is_allowed = (options.languages[language / 64] >> (language % 64) & 1) != 0;
        if (is_allowed && (best < 0 || probabilities[(size_t) language] > probabilities[(size_t) best])) { best = language; }
    }
    return best < 0 ? found : best;
}

cw_status check(const cw_session & session, const cw_options & options, size_t count) {
    const bool is_valid = options.threads >= 1 && options.threads <= 512 && options.beams >= 1 && options.beams <= 8
        && options.candidates >= 1 && options.candidates <= 8 && options.temperature >= 0 && options.temperature <= 2
        && options.temperature_step >= 0 && (options.temperature_step == 0 || options.temperature_step >= 0.05f)
        && options.language >= -1 && options.language < cw_language_count() && options.max_tokens >= 0
        && options.audio_context >= 0 && options.audio_context <= session.model->info.audio_context
        && count <= (size_t) INT32_MAX - 16000 * 60;
    return is_valid ? CW_OK : cw::fail(CW_INVALID_ARGUMENT, "an option is out of its range");
}

} // namespace

int32_t cw_fitting_audio_context(const cw_model_info * info, int64_t centiseconds) {
    const int64_t needed = std::max<int64_t>(centiseconds, 0) / position_length + 1 + audio_margin;
    const int64_t rounded = std::max<int64_t>((needed + audio_block - 1) / audio_block * audio_block, least_audio_context);
    return (int32_t) std::min<int64_t>(rounded, info->audio_context);
}

cw_status cw_session_open(cw_model * model, bool aligns, cw_session ** session) {
    return cw::guarded([&] {
        whisper_state * state = model->take_state(aligns);
        if (state == nullptr) { return cw::fail(CW_OUT_OF_MEMORY, "there is no memory for a transcription"); }
        *session = new cw_session{model, aligns ? model->plain : model->context, state, aligns};
        return CW_OK;
    });
}

void cw_session_close(cw_session * session) { delete session; }

cw_status cw_session_run(
    cw_session * session, const cw_options * options, const char * prompt, const float * samples, size_t count,
    const cw_callbacks * callbacks, cw_outcome * outcome
) {
    return cw::guarded([&] {
        *outcome = {};
        const cw_status valid = check(*session, *options, count);
        if (valid != CW_OK) { return valid; }
        outcome->language = std::max(options->language, 0);
        outcome->language_probability = 1;
        // Less than a tenth of a second is no sound to whisper.cpp.
        if (count < fewest_samples) { return CW_OK; }
        whisper_context * context = session->context;
        whisper_state * state = session->state;
        run run = {*session, *options, *callbacks, *outcome, outcome->language};
        const watch watched(state, run);
        session->is_sound = false;
        const bool is_whole = cw::compute_spectrogram(
            context, state, samples, count, options->threads, [&] { return run.may_go_on(CW_PACE_STEP); });
        if (!is_whole) { return cw::fail(CW_ENDED, "the transcription was ended"); }
        const cw_model_info & info = session->model->info;
        const int positions = options->audio_context > 0
            ? options->audio_context : cw_fitting_audio_context(&info, cw::mel_length(state));
        if (options->language < 0 && info.is_multilingual) {
            if (!run.may_go_on(CW_PACE_ENCODER)) { return cw::fail(CW_ENDED, "the transcription was ended"); }
            cw::set_audio_context(state, positions);
            cw::clear_padding(context, state);
            std::vector<float> probabilities((size_t) cw_language_count(), 0.0f);
            int found = whisper_lang_auto_detect_with_state(context, state, 0, options->threads, probabilities.data());
            if (run.has_ended) { return cw::fail(CW_ENDED, "the transcription was ended"); }
            if (found < 0) { return cw::fail(CW_FAILED, "whisper.cpp could not find the language"); }
            run.count_encoder_run();
            run.known_positions = cw::audio_context(context, state);
            found = likeliest(probabilities, *options, found);
            run.language = found;
            outcome->language = found;
            outcome->language_probability = probabilities[(size_t) found];
        }
        whisper_full_params params = whisper_full_default_params(
            options->beams > 1 ? WHISPER_SAMPLING_BEAM_SEARCH : WHISPER_SAMPLING_GREEDY);
        params.n_threads = options->threads;
        params.language = cw_language_code(run.language);
        params.translate = options->translates;
        params.print_progress = false;
        params.print_timestamps = false;
        params.temperature = options->temperature;
        params.temperature_inc = options->temperature_step;
        params.greedy.best_of = options->candidates;
        if (options->beams > 1) { params.beam_search.beam_size = options->beams; }
        params.audio_ctx = positions;
        params.max_tokens = options->max_tokens;
        if (options->max_initial_timestamp > 0) { params.max_initial_ts = options->max_initial_timestamp; }
        const auto before = prompt_tokens(context, prompt);
        params.prompt_tokens = before.empty() ? nullptr : before.data();
        params.prompt_n_tokens = (int) before.size();
        outcome->prompt_tokens = (int32_t) before.size();
        params.encoder_begin_callback = on_window;
        params.encoder_begin_callback_user_data = &run;
        params.progress_callback = on_progress;
        params.progress_callback_user_data = &run;
        params.abort_callback = on_step;
        params.abort_callback_user_data = &run;
        // The spectrogram is there already.
        const int result = whisper_full_with_state(context, state, params, nullptr, 0);
        if (run.has_ended) { return cw::fail(CW_ENDED, "the transcription was ended"); }
        if (result != 0) { return cw::fail(CW_FAILED, "whisper.cpp failed with " + std::to_string(result)); }
        run.hand_over(true);
        session->is_sound = !run.has_ended;
        return CW_OK;
    });
}
