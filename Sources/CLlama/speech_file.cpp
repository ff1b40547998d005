#include "speech_file.h"

#include <cmath>
#include <cstring>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <vector>

namespace {

[[noreturn]] void refuse(const std::string & reason) { throw std::runtime_error(reason); }

// The keys of a header: reading one of another type than it is said to have would end the process.
class keys {
public:
    explicit keys(const gguf_context * file) : file(file) {}

    bool has(const std::string & key) const { return gguf_find_key(file, key.c_str()) >= 0; }

    std::string text(const std::string & key) const { return gguf_get_val_str(file, find(key, GGUF_TYPE_STRING)); }

    bool flag(const std::string & key) const { return has(key) && gguf_get_val_bool(file, find(key, GGUF_TYPE_BOOL)); }

    int64_t number(const std::string & key, int64_t least = 1, int64_t most = 1 << 20) const {
        const int64_t value = gguf_get_val_u32(file, find(key, GGUF_TYPE_UINT32));
        if (value < least || value > most) { refuse(key + " is " + std::to_string(value)); }
        return value;
    }

    int64_t number_or(const std::string & key, int64_t other) const { return has(key) ? number(key) : other; }

    void small(const std::string & key) const {
        const float value = gguf_get_val_f32(file, find(key, GGUF_TYPE_FLOAT32));
        if (!std::isfinite(value) || value <= 0) { refuse(key + " is not a small number"); }
    }

    // Those that llama.cpp would read, and has no use for here.
    void none(std::initializer_list<const char *> unwanted) const {
        for (const char * key : unwanted) {
            if (has(key)) { refuse(std::string("there is a ") + key); }
        }
    }

    void text_if_any(const std::string & key) const {
        if (has(key)) { find(key, GGUF_TYPE_STRING); }
    }

    void flag_if_any(const std::string & key) const {
        if (has(key)) { find(key, GGUF_TYPE_BOOL); }
    }

private:
    int64_t find(const std::string & key, gguf_type type) const {
        const int64_t index = gguf_find_key(file, key.c_str());
        if (index < 0) { refuse("there is no " + key); }
        if (gguf_get_kv_type(file, index) != type) { refuse(key + " is of the wrong type"); }
        return index;
    }

    const gguf_context * file;
};

// What the numbers of a tensor may be: what is added or multiplied element by element has to be in F32, and the kernels of
// convolutions in what im2col and mul_mat take.
enum class numbers { any, plain, kernel };

// The tensors of a file. Dimensions are in ggml's order: a number, the name of a width that is the same wherever it stands,
// or "3*name".
class tensors {
public:
    explicit tensors(const gguf_context * file) : file(file) {}

    void is(const std::string & width, int64_t value) { widths[width] = value; }

    int64_t width(const std::string & name) const {
        const auto found = widths.find(name);
        return found == widths.end() ? 0 : found->second;
    }

    bool has(const std::string & name) const { return gguf_find_tensor(file, name.c_str()) >= 0; }

    void one(const std::string & name, const std::vector<std::string> & dimensions, numbers kind = numbers::any) {
        const int64_t index = gguf_find_tensor(file, name.c_str());
        if (index < 0) { refuse("there is no tensor " + name); }
        const int64_t * sizes = gguf_get_tensor_ne(file, index);
        for (size_t place = 0; place < 4; ++place) {
            const std::string dimension = place < dimensions.size() ? dimensions[place] : "1";
            if (!fits(dimension, sizes[place])) {
                refuse("dimension " + std::to_string(place) + " of the tensor " + name + " is " + std::to_string(sizes[place]) +
                       ", which does not go with the others (" + dimension + ")");
            }
        }
        const ggml_type type = gguf_get_tensor_type(file, index);
        const bool is_known = kind == numbers::any    ? type != GGML_TYPE_I8 && type != GGML_TYPE_I16 && type != GGML_TYPE_I32 &&
                                                          type != GGML_TYPE_I64 && type != GGML_TYPE_F64
                              : kind == numbers::plain ? type == GGML_TYPE_F32
                                                       : type == GGML_TYPE_F16 || type == GGML_TYPE_F32;
        if (!is_known) { refuse("the tensor " + name + " is of type " + ggml_type_name(type)); }
    }

    void plain(const std::string & name, const std::string & width) { one(name, {width}, numbers::plain); }

    void linear(const std::string & name, const std::string & inner, const std::string & out) {
        one(name + ".weight", {inner, out});
        plain(name + ".bias", out);
    }

    void convolution(const std::string & name, const std::string & kernel, const std::string & inner, const std::string & out) {
        one(name + ".weight", {kernel, inner, out}, numbers::kernel);
        plain(name + ".bias", out);
    }

    // The kernel's dimensions are the other way round.
    void transposed(const std::string & name, const std::string & kernel, const std::string & inner, const std::string & out) {
        one(name + ".weight", {kernel, out, inner}, numbers::kernel);
        plain(name + ".bias", out);
    }

    void norm(const std::string & name, const std::string & width) {
        plain(name + ".weight", width);
        plain(name + ".bias", width);
    }

private:
    bool fits(const std::string & dimension, int64_t size) {
        size_t used = 0;
        int64_t factor = 1;
        if (std::isdigit((unsigned char) dimension[0])) {
            factor = std::stoll(dimension, &used);
            if (used == dimension.size()) { return size == factor; }
            ++used; // the star
        }
        if (size <= 0 || size % factor != 0) { return false; }
        const auto [found, is_new] = widths.emplace(dimension.substr(used), size / factor);
        return is_new || found->second == size / factor;
    }

    const gguf_context * file;
    std::map<std::string, int64_t> widths;
};

std::string at(const std::string & prefix, int64_t index) { return prefix + std::to_string(index) + "."; }

// The projection's gate, up and down.
void gated(tensors & file, const std::string & layer, const std::string & width, const std::string & inner) {
    file.one(layer + "ffn_gate.weight", {width, inner});
    file.one(layer + "ffn_up.weight", {width, inner});
    file.one(layer + "ffn_down.weight", {inner, width});
}

void attention(
    tensors & file, const std::string & layer, const std::string & width, const std::string & queries, const std::string & pairs) {
    file.one(layer + "attn_q.weight", {width, queries});
    file.one(layer + "attn_k.weight", {width, pairs});
    file.one(layer + "attn_v.weight", {width, pairs});
    file.one(layer + "attn_out.weight", {queries, width});
}

// MARK: Qwen3-TTS, see tools/mtmd/models/qwen3tts-*.cpp

constexpr int64_t codes = 2048;      // that are spoken; the rest of the codec's vocabulary steers
constexpr int64_t codec_rows = 3072; // of the output, fixed in src/models/qwen3vl.cpp

void check_qwen_speaker(tensors & file, const keys & header) {
    if (header.number("clip.audio.block_count") != 3) { refuse("its encoder of speakers has not three blocks"); }
    file.is("mel", header.number("clip.audio.num_mel_bins", 1, 256));
    const auto pointwise = [&](const std::string & name, const std::string & inner, const std::string & out) {
        file.one(name + ".weight", {"1", inner, out});
        file.plain(name + ".bias", out);
    };
    file.one("a.conv1d.0.weight", {"5", "mel", "speaker"});
    file.plain("a.conv1d.0.bias", "speaker");
    for (int64_t block = 1; block <= 3; ++block) {
        const std::string layer = at("a.blk.", block);
        pointwise(layer + "conv_pw1", "speaker", "speaker");
        pointwise(layer + "conv_pw2", "speaker", "speaker");
        pointwise(layer + "se_conv1", "speaker", "squeezed");
        pointwise(layer + "se_conv2", "squeezed", "speaker");
        for (int64_t part = 0; part < 7; ++part) {
            const std::string name = layer + "res2." + std::to_string(part);
            file.one(name + ".weight", {"3", "eighth", "eighth"});
            file.plain(name + ".bias", "eighth");
        }
    }
    if (file.width("speaker") != 8 * file.width("eighth")) { refuse("its encoder of speakers is not in eight parts"); }
    pointwise("a.conv_out", "3*speaker", "pooled");
    pointwise("a.asp_tdnn", "3*pooled", "asked");
    pointwise("a.asp_attn", "asked", "pooled");
    pointwise("mm.a.fc", "2*pooled", "model");
}

void check_qwen_codes(tensors & file, const keys & header) {
    const int64_t heads = header.number("clip.gen.audio.attention.head_count");
    const int64_t pairs = header.number_or("clip.gen.audio.attention.head_count_kv", heads);
    if (file.has("a.gen.code.proj_in.weight")) {
        file.one("a.gen.code.proj_in.weight", {"model", "predictor"});
        if (file.has("a.gen.code.proj_in.bias")) { file.plain("a.gen.code.proj_in.bias", "predictor"); }
    } else {
        file.is("predictor", file.width("model"));
    }
    file.one("a.gen.code.embd.weight", {"model", "book", "books"});
    file.one("a.gen.code.head.weight", {"predictor", "book", "books"});
    file.one("a.gen.code.out_embd.weight", {"model", "first codes"});
    if (file.width("first codes") < codes) { refuse("it has too few codes"); }
    file.plain("a.gen.code.output_norm.weight", "predictor");
    const int64_t layers = header.number("clip.gen.audio.block_count", 1, 256);
    for (int64_t index = 0; index < layers; ++index) {
        const std::string layer = at("a.gen.code.blk.", index);
        attention(file, layer, "predictor", "queries", "pairs");
        file.plain(layer + "attn_q_norm.weight", "head");
        file.plain(layer + "attn_k_norm.weight", "head");
        file.plain(layer + "ln1.weight", "predictor");
        file.plain(layer + "ln2.weight", "predictor");
        gated(file, layer, "predictor", "predictor inner");
    }
    const int64_t head = file.width("head");
    if (heads % pairs != 0 || file.width("queries") != heads * head || file.width("pairs") != pairs * head || head % 2 != 0) {
        refuse("the heads of its predictor of codes do not go with its tensors");
    }
}

void snake(tensors & file, const std::string & name, const std::string & width) {
    file.plain(name + ".alpha", width);
    file.plain(name + ".beta", width);
}

void check_qwen_decoder(tensors & file) {
    for (const char * group : {"first", "rest"}) {
        const std::string name = std::string("a.gen.wav.quant.") + group;
        file.one(name + ".in_proj.weight", {"quantized", "code"});
        file.one(name + ".out_proj.weight", {"code", "quantized"});
    }
    file.one("a.gen.wav.quant.first.codebook.weight", {"code", "first book"});
    file.one("a.gen.wav.quant.rest.codebook.weight", {"code", "book", "books"});
    if (file.width("first book") < codes) { refuse("its first codebook is too short"); }
    file.convolution("a.gen.wav.pre_conv", "3", "quantized", "wave");
    file.linear("a.gen.wav.tfm.in_proj", "wave", "transformer");
    file.linear("a.gen.wav.tfm.out_proj", "transformer", "wave");
    file.plain("a.gen.wav.tfm.output_norm.weight", "transformer");
    for (int64_t index = 0; index < 8; ++index) {
        const std::string layer = at("a.gen.wav.tfm.blk.", index);
        // 16 heads of queries, and as many of keys and values: fixed in clip.cpp.
        attention(file, layer, "transformer", "16*wave head", "16*wave head");
        for (const char * name : {"ln1", "ln2", "ls1", "ls2"}) { file.plain(layer + name + ".weight", "transformer"); }
        gated(file, layer, "transformer", "transformer inner");
    }
    if (file.width("wave head") % 2 != 0) { refuse("the heads of its decoder are of odd width"); }
    for (int64_t index = 0; index < 2; ++index) {
        const std::string block = at("a.gen.wav.up.blk.", index);
        file.transposed(block + "conv", "2", "wave", "wave");
        file.convolution(block + "dwconv", "7", "1", "wave");
        file.norm(block + "norm", "wave");
        file.linear(block + "pw1", "wave", "wave inner");
        file.linear(block + "pw2", "wave inner", "wave");
        file.plain(block + "gamma", "wave");
    }
    file.convolution("a.gen.wav.dac.entry", "7", "wave", "dac 0");
    // 4 times from the blocks before: 1,920 samples a frame.
    const int64_t strides[] = {8, 5, 4, 3};
    for (int64_t index = 0; index < 4; ++index) {
        const std::string block = at("a.gen.wav.dac.blk.", index);
        const std::string inner = "dac " + std::to_string(index);
        const std::string out = "dac " + std::to_string(index + 1);
        snake(file, block + "snake", inner);
        file.transposed(block + "conv", std::to_string(2 * strides[index]), inner, out);
        for (int64_t unit = 0; unit < 3; ++unit) {
            const std::string part = at(block + "res.", unit);
            snake(file, part + "act1", out);
            file.convolution(part + "conv1", "7", out, out);
            snake(file, part + "act2", out);
            file.convolution(part + "conv2", "1", out, out);
        }
    }
    snake(file, "a.gen.wav.dac.post_snake", "dac 4");
    file.convolution("a.gen.wav.dac.post_conv", "7", "dac 4", "1");
}

// MARK: Pocket TTS, see tools/mtmd/models/pockettts-*.cpp

constexpr int64_t strides[] = {4, 5, 6};

void check_seanet(
    tensors & file, const std::string & prefix, const std::string & inner, const std::string & out, bool decodes) {
    const auto width = [&](int64_t index) { return prefix + " " + std::to_string(index); };
    file.convolution(prefix + ".conv_in", prefix + " first", inner, width(0));
    for (int64_t index = 0; index < 3; ++index) {
        const std::string stage = at(prefix + ".blk.", index);
        const std::string unit = width(decodes ? index + 1 : index);
        const std::string narrow = unit + " narrow";
        file.convolution(stage + "res_conv1", "3", unit, narrow);
        file.convolution(stage + "res_conv2", "1", narrow, unit);
        const std::string kernel = std::to_string(2 * strides[decodes ? 2 - index : index]);
        if (decodes) {
            file.transposed(stage + "scale_conv", kernel, width(index), width(index + 1));
        } else {
            file.convolution(stage + "scale_conv", kernel, width(index), width(index + 1));
        }
    }
    file.convolution(prefix + ".conv_out", prefix + " last", width(3), out);
    if (file.width(prefix + " first") > 31 || file.width(prefix + " last") > 31) { refuse("its kernels are too long"); }
}

void check_mimi_transformer(tensors & file, const keys & header, const std::string & prefix, const std::string & part) {
    const int64_t width = header.number(part + "embedding_length");
    const int64_t heads = header.number(part + "attention.head_count");
    if (width % heads != 0 || width / heads % 2 != 0 || header.number_or(part + "attention.head_dim", width / heads) != width / heads ||
        header.number_or(part + "attention.head_count_kv", heads) != heads) {
        refuse("the heads of its codec's transformer do not go with its width");
    }
    file.is("mimi", width);
    const int64_t layers = header.number(part + "block_count", 1, 256);
    for (int64_t index = 0; index < layers; ++index) {
        const std::string layer = at(prefix + ".blk.", index);
        attention(file, layer, "mimi", "mimi", "mimi");
        file.norm(layer + "ln1", "mimi");
        file.norm(layer + "ln2", "mimi");
        file.plain(layer + "ls1.weight", "mimi");
        file.plain(layer + "ls2.weight", "mimi");
        file.one(layer + "ffn_up.weight", {"mimi", "mimi inner"});
        file.one(layer + "ffn_down.weight", {"mimi inner", "mimi"});
        // Others would be used where they are there.
        for (const char * name : {"attn_qkv", "attn_q_norm", "attn_k_norm", "ffn_gate"}) {
            if (file.has(layer + name + ".weight")) { refuse("there is a tensor " + layer + name); }
        }
    }
}

void check_pocket(tensors & file, const keys & header) {
    if (header.number("clip.audio.num_mel_bins") != 1) { refuse("its encoder of speakers takes no samples"); }
    check_seanet(file, "a.seanet", "1", "mimi", false);
    check_mimi_transformer(file, header, "a", "clip.audio.");
    file.one("a.downsample.conv.weight", {"32", "mimi", "speaker"}, numbers::kernel);
    file.one("a.speaker_proj.weight", {"speaker", "model"});

    file.linear("a.gen.flow.input_proj", "latent", "flow");
    file.linear("a.gen.flow.cond_embd", "model", "flow");
    file.linear("a.gen.flow.final.ada", "flow", "2*flow");
    file.linear("a.gen.flow.final.proj", "flow", "latent");
    for (int64_t index = 0; index < 2; ++index) {
        const std::string part = at("a.gen.flow.time.", index);
        file.plain(part + "freqs", "frequencies");
        file.linear(part + "up", "2*frequencies", "flow");
        file.linear(part + "down", "flow", "flow");
        file.plain(part + "norm", "flow");
    }
    for (int64_t index = 0; file.has(at("a.gen.flow.blk.", index) + "norm.weight"); ++index) {
        const std::string block = at("a.gen.flow.blk.", index);
        file.norm(block + "norm", "flow");
        file.linear(block + "up", "flow", "flow");
        file.linear(block + "down", "flow", "flow");
        file.linear(block + "ada", "flow", "3*flow");
    }
    file.linear("a.gen.out_eos", "model", "1");
    file.one("a.gen.input_linear.weight", {"latent", "model"});
    file.plain("a.gen.emb_mean", "latent");
    file.plain("a.gen.emb_std", "latent");
    file.one("a.gen.wav.quant_out.weight", {"latent", "mimi"});
    file.one("a.gen.wav.upsample.weight", {"32", "1", "mimi"}, numbers::kernel);
    check_mimi_transformer(file, header, "a.gen.wav.tfm", "clip.gen.audio.");
    check_seanet(file, "a.gen.wav.seanet", "mimi", "1", true);
}

// llama.cpp asserts that all tokens are different ones, and that it knows how to take a text apart.
void check_vocabulary(const gguf_context * model, const keys & header, cl_speech_family family) {
    const std::string kind = header.text("tokenizer.ggml.model");
    const bool is_known = family == CL_SPEECH_POCKETTTS ? kind == "t5" : kind == "gpt2" || kind == "llama";
    if (!is_known) { refuse("its tokenizer is of kind " + kind); }
    const int64_t index = gguf_find_key(model, "tokenizer.ggml.tokens");
    if (index < 0 || gguf_get_kv_type(model, index) != GGUF_TYPE_ARRAY || gguf_get_arr_type(model, index) != GGUF_TYPE_STRING) {
        refuse("there is no vocabulary");
    }
    const size_t count = gguf_get_arr_n(model, index);
    std::unordered_set<std::string> tokens;
    for (size_t token = 0; token < count; ++token) {
        const std::string text = gguf_get_arr_str(model, index, token);
        if (!tokens.insert(text.empty() ? "[EMPTY_" + std::to_string(token) + "]" : text).second) {
            refuse("its vocabulary has a token twice: number " + std::to_string(token));
        }
    }
    // What libmtmd looks up by its name, as mtmd-helper-gen.cpp has it; without a language it speaks English.
    std::vector<const char *> wanted = {"<|audio_bos|>"};
    if (family == CL_SPEECH_QWEN3TTS) {
        wanted = {"<|codec_0|>", "<|codec_bos|>", "<|codec_eos_token|>", "<|codec_pad|>", "<|codec_think|>",
                  "<|codec_think_bos|>", "<|codec_think_eos|>", "<tts_pad>", "<tts_text_bos>", "<tts_text_eod>",
                  "<|codec_language_english|>"};
    }
    for (const char * token : wanted) {
        if (tokens.count(token) == 0) { refuse(std::string("its vocabulary has no ") + token); }
    }
}

} // namespace

cl_speech_family cl::family_of(const gguf_context * codec) {
    const int64_t key = gguf_find_key(codec, "clip.gen.audio.projector_type");
    if (key < 0 || gguf_get_kv_type(codec, key) != GGUF_TYPE_STRING) { return CL_SPEECH_NONE; }
    const std::string kind = gguf_get_val_str(codec, key);
    return kind == "qwen3tts_gen" ? CL_SPEECH_QWEN3TTS : kind == "pockettts_gen" ? CL_SPEECH_POCKETTTS : CL_SPEECH_NONE;
}

int64_t cl::width_of(const gguf_context * model) {
    const int64_t architecture = gguf_find_key(model, "general.architecture");
    if (architecture < 0 || gguf_get_kv_type(model, architecture) != GGUF_TYPE_STRING) { return 0; }
    const int64_t key = gguf_find_key(model, (std::string(gguf_get_val_str(model, architecture)) + ".embedding_length").c_str());
    return key < 0 || gguf_get_kv_type(model, key) != GGUF_TYPE_UINT32 ? 0 : gguf_get_val_u32(model, key);
}

void cl::check_talker(const gguf_context * model, cl_speech_family family) {
    const keys header(model);
    const std::string name = family == CL_SPEECH_QWEN3TTS ? "qwen3tts" : "pockettts";
    if (header.text("general.architecture") != name) {
        refuse("it is of architecture " + header.text("general.architecture") + ", and the codec belongs to " + name);
    }
    const int64_t width = header.number(name + ".embedding_length");
    const int64_t heads = header.number(name + ".attention.head_count");
    const int64_t pairs = header.number_or(name + ".attention.head_count_kv", heads);
    const int64_t head = header.number_or(name + ".attention.key_length", width / heads);
    header.number(name + ".context_length");
    header.number(name + ".block_count", 1, 512);
    if (width % heads != 0 && !header.has(name + ".attention.key_length")) { refuse("its width is no multiple of its heads"); }
    if (heads % pairs != 0 || head <= 0 || head % 2 != 0 ||
        header.number_or(name + ".attention.value_length", width / heads) != head ||
        header.number_or(name + ".rope.dimension_count", head) != head || (family == CL_SPEECH_POCKETTTS && head * heads != width)) {
        refuse("the sizes of its heads do not go together");
    }
    check_vocabulary(model, header, family);
    const int64_t tokens = gguf_find_key(model, "tokenizer.ggml.tokens");
    if (family == CL_SPEECH_POCKETTTS) { return; }
    if (gguf_get_arr_n(model, tokens) < (size_t) codec_rows) { refuse("its vocabulary has no codes"); }
    const std::string key = name + ".rope.dimension_sections";
    const int64_t sections = gguf_find_key(model, key.c_str());
    if (sections < 0 || gguf_get_kv_type(model, sections) != GGUF_TYPE_ARRAY || gguf_get_arr_n(model, sections) != 4 ||
        (gguf_get_arr_type(model, sections) != GGUF_TYPE_INT32 && gguf_get_arr_type(model, sections) != GGUF_TYPE_UINT32)) {
        refuse("there is no " + key + " of four numbers");
    }
    int64_t sum = 0;
    for (int64_t index = 0; index < 4; ++index) {
        const int64_t section = static_cast<const int32_t *>(gguf_get_arr_data(model, sections))[index];
        if (section < 0 || section > head) { refuse(key + " does not go with the heads"); }
        sum += section;
    }
    if (sum == 0 || sum > head / 2) { refuse(key + " does not go with the heads"); }
}

void cl::check_codec(const gguf_context * codec, cl_speech_family family, int64_t model_width) {
    const keys header(codec);
    const std::string name = family == CL_SPEECH_QWEN3TTS ? "qwen3tts" : "pockettts";
    header.text_if_any("general.name");
    header.text_if_any("general.description");
    header.text_if_any("clip.gen.audio.model_variant");
    header.flag_if_any("clip.use_gelu");
    header.flag_if_any("clip.use_silu");
    header.none({"clip.projector_type", "clip.audio.feature_layer", "clip.gen.audio.feature_layer",
                 "clip.vision.image_grid_pinpoints", "clip.vision.mm_patch_merge_type"});
    if (header.flag("clip.use_gelu") && header.flag("clip.use_silu")) { refuse("it uses two activations"); }
    if (header.flag("clip.has_vision_encoder")) { refuse("it holds an encoder of images"); }
    if (!header.flag("clip.has_audio_encoder")) { refuse("it holds no encoder of speakers"); }
    if (!header.flag("clip.has_gen_audio_encoder")) { refuse("it holds no generator of speech"); }
    if (header.text("clip.audio.projector_type") != name + "_spkenc") { refuse("its encoder of speakers is another model's"); }
    for (const char * part : {"clip.audio.", "clip.gen.audio."}) {
        for (const char * key : {"projection_dim", "embedding_length", "feed_forward_length", "block_count", "attention.head_count"}) {
            header.number(std::string(part) + key);
        }
        for (const char * key : {"attention.head_dim", "attention.head_count_kv"}) { header.number_or(std::string(part) + key, 1); }
        header.small(std::string(part) + "attention.layer_norm_epsilon");
    }
    header.number("clip.audio.num_mel_bins", 1, 256);
    tensors file(codec);
    file.is("model", model_width);
    if (family == CL_SPEECH_QWEN3TTS) {
        check_qwen_speaker(file, header);
        check_qwen_codes(file, header);
        check_qwen_decoder(file);
    } else {
        check_pocket(file, header);
    }
}
