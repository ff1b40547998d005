#include "cl_speech.h"

#include "boundary.h"
#include "model.h"
#include "speech_file.h"

#include "common.h"
#include "ggml-backend.h"
#include "mtmd-helper.h"
#include "sampling.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

// Fixed in libmtmd, as is the number of frames after which each family's sound is made.
constexpr uint32_t sample_rate = 24000;
constexpr size_t longest_text = 4096;
constexpr size_t prompt_batch = 512;

uint32_t window_of(cl_speech_family family) { return family == CL_SPEECH_QWEN3TTS ? 72 : 8; }

// As in mtmd-helper-gen.cpp, so that what a model knows can be told before it is asked to speak.
const std::pair<const char *, const char *> languages[] = {
    {"zh", "chinese"}, {"en", "english"}, {"de", "german"}, {"it", "italian"}, {"pt", "portuguese"},
    {"es", "spanish"}, {"ja", "japanese"}, {"ko", "korean"}, {"fr", "french"}, {"ru", "russian"},
};

bool has_token(const llama_vocab * vocabulary, const std::string & text) {
    const int32_t count = llama_vocab_n_tokens(vocabulary);
    for (llama_token token = 0; token < count; ++token) {
        if (text == llama_vocab_get_text(vocabulary, token)) { return true; }
    }
    return false;
}

// What the flow of a pack starts from, as mtmd-helper-gen.cpp has it: the square of the noise's width.
float temperature_of(const char * variant) {
    const std::string name = variant == nullptr ? "" : variant;
    return name == "english" || name == "english_2026-04" ? 0.3f : 0.7f;
}

struct place {
    mtmd_helper_gen_audio * helper = nullptr; // kept for the next utterance in the first place alone
    common_sampler * sampler = nullptr;
    std::mt19937 random;
    std::vector<float> draws; // of the frame under way
    std::vector<float> state; // the model's last hidden state
    llama_token token = LLAMA_TOKEN_NULL;
    llama_pos position = -1; // of the last token in memory
    bool is_busy = false;
    bool has_ended = false;
    bool is_prompted = false;
    uint32_t frames = 0;
    uint32_t most_frames = 0;
    uint32_t pending = 0; // frames that libmtmd has not made sound of
    size_t given = 0;     // samples
};

template <typename Value> void read_setting(const llama_model * model, llama_model_meta_key key, Value & value) {
    char text[64];
    if (llama_model_meta_val_str(model, llama_model_meta_key_str(key), text, sizeof(text)) <= 0) { return; }
    char * end = nullptr;
    const float number = std::strtof(text, &end);
    if (end != text && std::isfinite(number)) { value = (Value) number; }
}

// What llama-tts samples codes with: its defaults, and what the file says otherwise.
common_params_sampling sampling_of(const llama_model * model, uint32_t seed) {
    common_params_sampling params;
    params.penalty_repeat = 1.05f;
    params.penalty_last_n = -1;
    params.seed = seed;
    params.no_perf = true;
    read_setting(model, LLAMA_MODEL_META_KEY_SAMPLING_TOP_K, params.top_k);
    read_setting(model, LLAMA_MODEL_META_KEY_SAMPLING_TOP_P, params.top_p);
    read_setting(model, LLAMA_MODEL_META_KEY_SAMPLING_MIN_P, params.min_p);
    read_setting(model, LLAMA_MODEL_META_KEY_SAMPLING_TEMP, params.temp);
    read_setting(model, LLAMA_MODEL_META_KEY_SAMPLING_PENALTY_REPEAT, params.penalty_repeat);
    return params;
}

} // namespace

struct cl_speech {
    const cl_model * model = nullptr;
    cl_speech_family family = CL_SPEECH_NONE;
    llama_context * context = nullptr;
    mtmd_context * codec = nullptr;
    uint32_t length = 0;
    size_t draws = 0; // numbers that a frame draws
    float temperature = 0;
    std::vector<place> places;
    const place * active = nullptr; // whose draws go into the graph
    bool has_bad_scores = false;    // of the frame under way
};

namespace {

// libmtmd has put its own draws into the inputs of a graph, from one generator for all that is under way: here an utterance's own
// take their place. Nodes whose inputs are copies for another device are found, too.
void put_draws(const std::vector<float> & draws, const ggml_tensor * node) {
    for (ggml_tensor * source : node->src) {
        if (source == nullptr || source->type != GGML_TYPE_F32) { continue; }
        if (const char * name = std::strstr(source->name, "inp_rand_")) {
            const size_t index = std::strtoul(name + 9, nullptr, 10);
            if (index < draws.size()) { ggml_backend_tensor_set(source, &draws[index], 0, sizeof(float)); }
        } else if (std::strstr(source->name, "inp_noise") != nullptr && ggml_nelements(source) == (int64_t) draws.size()) {
            ggml_backend_tensor_set(source, draws.data(), 0, draws.size() * sizeof(float));
        }
    }
}

// Whether a node gives the scores of the codes of a book (do_sampling in qwen3tts-gen.cpp takes them).
bool is_scores(const ggml_tensor * node) {
    return node->op == GGML_OP_MUL_MAT && node->type == GGML_TYPE_F32 && std::strstr(node->src[0]->name, "a.gen.code.head.weight") != nullptr;
}

// Whether a node is the place that was drawn among codes: as many as have a cumulated probability above the draw, from the end.
bool is_place(const ggml_tensor * node) {
    return node->op == GGML_OP_CPY && node->type == GGML_TYPE_I32 && node->src[0]->op == GGML_OP_SCALE &&
        node->src[0]->src[0]->op == GGML_OP_SUM;
}

// Whether a node is a cache of keys or values with its first row just put in. From that row's first number, times zero, libmtmd
// makes the constants that are rows' numbers for all later ones (const_i32, cache_set).
bool is_first_row(const ggml_tensor * node) {
    if (node->op != GGML_OP_GET_ROWS || node->type != GGML_TYPE_F32 || node->src[1]->op != GGML_OP_CONCAT) { return false; }
    const ggml_tensor * first = node->src[1]->src[0];
    return first->op == GGML_OP_CPY && first->src[0]->op == GGML_OP_SCALE;
}

// Sorting does not survive scores that are no numbers.
void check_scores(cl_speech * speech, ggml_tensor * node) {
    std::vector<float> scores((size_t) ggml_nelements(node));
    ggml_backend_tensor_get(node, scores.data(), 0, scores.size() * sizeof(float));
    for (float score : scores) {
        if (std::isfinite(score)) { continue; }
        speech->has_bad_scores = true;
        std::fill(scores.begin(), scores.end(), 0.0f);
        return ggml_backend_tensor_set(node, scores.data(), 0, scores.size() * sizeof(float));
    }
}

void check_first_row(cl_speech * speech, ggml_tensor * node) {
    float number = 0;
    ggml_backend_tensor_get(node, &number, 0, sizeof(number));
    if (std::isfinite(number)) { return; }
    speech->has_bad_scores = true;
    number = 0;
    ggml_backend_tensor_set(node, &number, 0, sizeof(number));
}

// Where rounding leaves the sum of all probabilities below the draw, the place is one behind the last.
void check_place(ggml_tensor * node) {
    const int32_t last = (int32_t) node->src[0]->src[0]->src[0]->ne[0] - 1;
    int32_t place = 0;
    ggml_backend_tensor_get(node, &place, 0, sizeof(place));
    if (place >= 0 && place <= last) { return; }
    ggml_backend_tensor_set(node, &last, 0, sizeof(last));
}

// Asked of each node before a graph is computed, and told of those that it wants to see. Codes are drawn within graphs, where
// what comes of it is a row's number: of a row that does not exist, ggml would end the process.
bool watch_frame(ggml_tensor * node, bool is_asking, void * data) {
    auto * speech = static_cast<cl_speech *>(data);
    if (speech->active == nullptr) { return false; }
    if (is_asking) {
        put_draws(speech->active->draws, node);
        return is_scores(node) || is_place(node) || is_first_row(node);
    }
    if (is_scores(node)) {
        check_scores(speech, node);
    } else if (is_place(node)) {
        check_place(node);
    } else {
        check_first_row(speech, node);
    }
    return true;
}

// As libmtmd draws for a frame: a number for each codebook but the first, or the noise that the flow starts from. The
// distribution is a new one each time there, too, which matters where it keeps a second number.
void draw(const cl_speech * speech, place & place) {
    place.draws.resize(speech->draws);
    if (speech->family == CL_SPEECH_QWEN3TTS) {
        std::uniform_real_distribution<float> uniform(0.0f, 1.0f);
        for (float & number : place.draws) { number = uniform(place.random); }
    } else {
        std::normal_distribution<float> normal(0.0f, std::sqrt(speech->temperature));
        for (float & number : place.draws) { number = normal(place.random); }
    }
}

struct active_place {
    cl_speech * speech;
    active_place(cl_speech * speech, const place & place) : speech(speech) { speech->active = &place; }
    ~active_place() { speech->active = nullptr; }
};

// Takes the model's hidden state, and the code that follows from its logits, before the next decode.
cl_status take_state(cl_speech * speech, place & place, const float * state) {
    if (state == nullptr) { state = llama_get_embeddings_ith(speech->context, -1); }
    if (state == nullptr) { return cl::fail(CL_FAILED, "llama.cpp gave no hidden state"); }
    place.state.assign(state, state + llama_model_n_embd(speech->model->handle));
    for (float number : place.state) {
        if (!std::isfinite(number)) { return cl::fail(CL_FAILED, "the model's hidden state holds no numbers; its file may be damaged"); }
    }
    place.position = llama_memory_seq_pos_max(llama_get_memory(speech->context), (llama_seq_id) (&place - speech->places.data()));
    if (speech->family != CL_SPEECH_QWEN3TTS) { return CL_OK; }
    const float * logits = llama_get_logits_ith(speech->context, -1);
    const int32_t count = llama_vocab_n_tokens(speech->model->vocabulary());
    bool has_choice = false;
    for (int32_t token = 0; logits != nullptr && token < count; ++token) {
        if (std::isnan(logits[token])) { return cl::fail(CL_FAILED, "the model's logits hold no numbers; its file may be damaged"); }
        has_choice = has_choice || std::isfinite(logits[token]);
    }
    // The sampler would assert on it.
    if (!has_choice) { return cl::fail(CL_FAILED, "the model offers no code"); }
    place.token = common_sampler_sample(place.sampler, speech->context, -1);
    common_sampler_accept(place.sampler, place.token, true);
    return CL_OK;
}

// Gives what has become sound since the last time. Frames that wait for a window become sound here, too: only at the end.
cl_status take_sound(place & place, cl_speech_sound * sound) {
    int32_t rate = 0;
    const char * bytes = nullptr;
    size_t size = 0;
    int64_t count = 0;
    if (mtmd_helper_gen_audio_get_output(place.helper, &rate, &bytes, &size, &count) != 0) {
        return cl::fail(CL_FAILED, "llama.cpp could not make sound of codes; the log holds its reason");
    }
    place.pending = 0;
    if (size != (size_t) count * sizeof(float) || (size_t) count < place.given) {
        return cl::fail(CL_FAILED, "llama.cpp gave less sound than before");
    }
    sound->samples = reinterpret_cast<const float *>(bytes) + place.given;
    sound->count = (size_t) count - place.given;
    place.given = (size_t) count;
    for (size_t index = 0; index < sound->count; ++index) {
        if (!std::isfinite(sound->samples[index])) { return cl::fail(CL_FAILED, "the sound holds no numbers; the codec's file may be damaged"); }
    }
    return CL_OK;
}

struct speech_deleter {
    void operator()(cl_speech * speech) const {
        for (place & place : speech->places) {
            if (place.helper != nullptr) { mtmd_helper_gen_audio_free(place.helper); }
            if (place.sampler != nullptr) { common_sampler_free(place.sampler); }
        }
        if (speech->codec != nullptr) { mtmd_free(speech->codec); }
        if (speech->context != nullptr) { llama_free(speech->context); }
        delete speech;
    }
};

// The numbers that a frame draws: one for each codebook but the first, or one for each of the latent's.
size_t draws_of(const char * path, cl_speech_family family) {
    const cl::gguf_header file = cl::read_header(path);
    if (!file) { return 0; }
    const bool has_books = family == CL_SPEECH_QWEN3TTS;
    const int64_t index = gguf_find_tensor(file.get(), has_books ? "a.gen.code.head.weight" : "a.gen.emb_mean");
    return index < 0 ? 0 : (size_t) gguf_get_tensor_ne(file.get(), index)[has_books ? 2 : 0];
}

place * busy_place(cl_speech * speech, uint32_t index) {
    return index < speech->places.size() && speech->places[index].is_busy ? &speech->places[index] : nullptr;
}

} // namespace

cl_speech_family cl_speech_codec_family(const char * codec_path) {
    const cl::gguf_header codec = cl::read_header(codec_path);
    return codec ? cl::family_of(codec.get()) : CL_SPEECH_NONE;
}

cl_status cl_speech_check(const char * model_path, const char * codec_path, cl_speech_family * family) {
    return cl::guarded([&] {
        const cl::gguf_header model = cl::read_header(model_path);
        const cl::gguf_header codec = cl::read_header(codec_path);
        if (!model || !codec) {
            return cl::fail(CL_FAILED, std::string(model ? codec_path : model_path) + " is no GGUF file, or a damaged one");
        }
        for (const auto & [file, path] : {std::pair(model.get(), model_path), std::pair(codec.get(), codec_path)}) {
            if (!cl::is_whole(file, path)) {
                return cl::fail(CL_FAILED, std::string(path) + " is shorter than its header says");
            }
        }
        *family = cl::family_of(codec.get());
        if (*family == CL_SPEECH_NONE) {
            return cl::fail(CL_FAILED, std::string(codec_path) + " holds no generator of speech that is known");
        }
        const char * path = model_path;
        try {
            cl::check_talker(model.get(), *family);
            path = codec_path;
            cl::check_codec(codec.get(), *family, cl::width_of(model.get()));
        } catch (const std::exception & error) {
            return cl::fail(CL_FAILED, std::string(path) + " can't be used: " + error.what());
        }
        return CL_OK;
    });
}

cl_status cl_speech_load(
    const char * codec_path, const cl_model * model, cl_speech_family family, cl_speech_options options, cl_speech ** speech) {
    return cl::guarded([&] {
        if (model->measure_only || options.threads < 1 || options.threads > GGML_MAX_N_THREADS || options.places < 1 ||
            options.places > 64 || options.context_length < 256 || options.context_length > 65536) {
            return cl::fail(CL_INVALID_ARGUMENT, "the model or the numbers of threads, places or tokens can't be used");
        }
        std::unique_ptr<cl_speech, speech_deleter> holder(new cl_speech{});
        holder->model = model;
        holder->family = family;
        holder->length = (options.context_length + 255) / 256 * 256;
        holder->draws = draws_of(codec_path, family);
        holder->places.resize(options.places);

        llama_context_params context = llama_context_default_params();
        context.n_ctx = holder->length * options.places;
        context.n_seq_max = options.places;
        context.n_batch = 2048;
        context.n_ubatch = prompt_batch;
        context.n_threads = (int32_t) options.threads;
        context.n_threads_batch = (int32_t) options.threads;
        context.embeddings = true;
        context.no_perf = true;
        holder->context = llama_init_from_model(model->handle, context);
        if (holder->context == nullptr) { return cl::fail(CL_FAILED, "no context could be made; the log holds llama.cpp's reason"); }
        if (llama_pooling_type(holder->context) != LLAMA_POOLING_TYPE_NONE) {
            return cl::fail(CL_FAILED, "the model gives no hidden state for each token");
        }

        mtmd_context_params params = mtmd_context_params_default();
        params.use_gpu = options.use_gpu;
        params.print_timings = false;
        params.n_threads = (int) options.threads;
        params.cb_eval = watch_frame;
        params.cb_eval_user_data = holder.get();
        holder->codec = mtmd_init_from_file(codec_path, model->handle, params);
        if (holder->codec == nullptr) {
            return cl::fail(CL_FAILED, "llama.cpp could not load the codec, or it belongs to another model; the log holds its reason");
        }
        const mtmd_gen_audio_info info = mtmd_gen_audio_get_info(holder->codec);
        if (info.type == MTMD_GEN_AUDIO_TYPE_NONE || info.sample_rate != (int32_t) sample_rate ||
            mtmd_get_audio_sample_rate(holder->codec) != (int) sample_rate) {
            return cl::fail(CL_FAILED, "the codec is none of 24,000 samples a second");
        }
        holder->temperature = temperature_of(info.model_variant);
        *speech = holder.release();
        return CL_OK;
    });
}

void cl_speech_free(cl_speech * speech) { speech_deleter{}(speech); }

uint32_t cl_speech_sample_rate(const cl_speech *) { return sample_rate; }

uint64_t cl_speech_place_bytes(const cl_model * model) {
    return (uint64_t) llama_vocab_n_tokens(model->vocabulary()) * (uint64_t) llama_model_n_embd(model->handle) * sizeof(float);
}

bool cl_speech_knows_language(const cl_speech * speech, const char * code) {
    if (speech->family != CL_SPEECH_QWEN3TTS) { return false; }
    for (const auto & [known, name] : languages) {
        if (std::strcmp(known, code) == 0) {
            return has_token(speech->model->vocabulary(), std::string("<|codec_language_") + name + "|>");
        }
    }
    return false;
}

cl_status cl_speech_begin(cl_speech * speech, uint32_t index, cl_utterance utterance) {
    return cl::guarded([&] {
        if (index >= speech->places.size() || speech->places[index].is_busy) {
            return cl::fail(CL_INVALID_ARGUMENT, "there is no such place, or it is not free");
        }
        if (utterance.length == 0 || utterance.length > longest_text || utterance.seed == UINT32_MAX || utterance.max_frames == 0) {
            return cl::fail(CL_INVALID_ARGUMENT, "the text is empty or too long, or the seed or the number of frames can't be used");
        }
        if (utterance.speaker != nullptr &&
            (utterance.speaker_count < sample_rate / 2 || utterance.speaker_count > 30 * sample_rate)) {
            return cl::fail(CL_INVALID_ARGUMENT, "the recording of the speaker is shorter than half a second, or longer than thirty");
        }
        if (utterance.language != nullptr && !cl_speech_knows_language(speech, utterance.language)) {
            return cl::fail(CL_INVALID_ARGUMENT, "the model knows no such language");
        }
        place & place = speech->places[index];
        if (place.helper == nullptr) { place.helper = mtmd_helper_gen_audio_init(speech->context, speech->codec); }
        // It takes special tokens by their names: a text has none.
        std::string text(utterance.text, utterance.length);
        for (size_t found = text.find('<'); found != std::string::npos; found = text.find('<', found + 1)) { text.insert(found + 1, " "); }
        mtmd::bitmap speaker;
        if (utterance.speaker != nullptr) {
            speaker.ptr.reset(mtmd_bitmap_init_from_audio(utterance.speaker_count, utterance.speaker));
        }
        const common_params_sampling sampling = sampling_of(speech->model->handle, utterance.seed);
        mtmd_helper_gen_audio_inp input = {};
        input.seq_id = (llama_seq_id) index;
        input.prompt = text.data();
        input.prompt_len = text.size();
        input.speaker_ref = speaker.ptr.get();
        input.lang = utterance.language;
        input.top_k = sampling.top_k;
        input.top_p = sampling.top_p;
        input.seed = utterance.seed;
        input.out_type = MTMD_HELPER_GEN_AUDIO_OUTTYPE_PCM;
        llama_memory_seq_rm(llama_get_memory(speech->context), (llama_seq_id) index, -1, -1);
        if (mtmd_helper_gen_audio_set_input(place.helper, &input) != 0) {
            return cl::fail(CL_FAILED, "llama.cpp could not prepare the text; the log holds its reason");
        }
        if (place.sampler != nullptr) { common_sampler_free(place.sampler); }
        common_params_sampling params = sampling;
        place.sampler = common_sampler_init(speech->model->handle, params);
        if (place.sampler == nullptr) { return cl::fail(CL_FAILED, "no sampler could be made"); }
        place.random.seed(utterance.seed);
        place.is_busy = true;
        place.has_ended = false;
        place.is_prompted = false;
        place.frames = 0;
        place.pending = 0;
        place.given = 0;
        place.most_frames = utterance.max_frames;
        return CL_OK;
    });
}

cl_status cl_speech_step(cl_speech * speech, uint32_t index, cl_speech_sound * sound) {
    return cl::guarded([&] {
        *sound = {};
        place * place = busy_place(speech, index);
        if (place == nullptr || place->has_ended) { return cl::fail(CL_INVALID_ARGUMENT, "nothing is being said there"); }
        if (!place->is_prompted) {
            const int32_t rest = mtmd_helper_gen_audio_step_prompt(place->helper, prompt_batch);
            if (rest < 0) { return cl::fail(CL_FAILED, "llama.cpp could not take in the text: it may be too long"); }
            if (rest > 0) { return CL_OK; }
            place->is_prompted = true;
            return take_state(speech, *place, nullptr);
        }
        draw(speech, *place);
        const float * state = nullptr;
        bool is_last = false;
        {
            const active_place scope(speech, *place);
            speech->has_bad_scores = false;
            if (mtmd_helper_gen_audio_step_gen(place->helper, place->token, place->state.data(), &state, &is_last) != 0) {
                return cl::fail(CL_FAILED, "llama.cpp could not make a frame; the log holds its reason");
            }
        }
        if (speech->has_bad_scores) { return cl::fail(CL_FAILED, "the scores of codes are no numbers; the codec's file may be damaged"); }
        if (state == nullptr || is_last) {
            place->has_ended = true;
        } else {
            const llama_pos before = place->position;
            const cl_status status = take_state(speech, *place, state);
            if (status != CL_OK) { return status; }
            // Between two parts of a long text, Pocket TTS begins a prompt, and makes no frame.
            if (place->position == before + 1) {
                ++place->frames;
                ++place->pending;
            } else {
                place->pending = window_of(speech->family);
            }
            const bool is_full = place->position + 1 >= (llama_pos) speech->length;
            place->has_ended = place->frames >= place->most_frames || is_full;
        }
        sound->is_last = place->has_ended;
        return place->has_ended || place->pending >= window_of(speech->family) ? take_sound(*place, sound) : CL_OK;
    });
}

void cl_speech_end(cl_speech * speech, uint32_t index) {
    place * place = busy_place(speech, index);
    if (place == nullptr) { return; }
    cl::guarded([&] {
        place->is_busy = false;
        llama_memory_seq_rm(llama_get_memory(speech->context), (llama_seq_id) index, -1, -1);
        // Each holds a copy of all the model's token vectors: one is kept, for the next utterance.
        if (index == 0) {
            mtmd_helper_gen_audio_reset(place->helper);
        } else {
            mtmd_helper_gen_audio_free(place->helper);
            place->helper = nullptr;
        }
        return CL_OK;
    });
}
