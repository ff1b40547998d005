// whisper.cpp reads its files with little checking: what it would misread or assert on is looked for here, before.

#include "model_file.h"

#include "boundary.h"
#include "ggml.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr uint32_t magic_number = 0x67676d6c; // "ggml"
constexpr int32_t quantization_factor = 1000;  // GGML_QNT_VERSION_FACTOR
constexpr int32_t spectrum_size = 201;         // bins of a spectrum of 400 samples
constexpr int32_t first_timestamp = 50363;     // of models that know English alone

[[noreturn]] void refuse(const std::string & reason) { throw std::runtime_error(reason); }

class reader {
public:
    explicit reader(std::FILE * file) : file(file) {
        if (std::fseek(file, 0, SEEK_END) != 0) { refuse("it can't be read"); }
        size = (uint64_t) std::ftell(file);
        std::rewind(file);
    }

    int32_t number() {
        int32_t value = 0;
        read(&value, sizeof(value));
        return value;
    }

    std::string text(uint64_t length) {
        need(length);
        std::string value(length, '\0');
        read(value.data(), length);
        return value;
    }

    void skip(uint64_t count) {
        need(count);
        if (std::fseek(file, (long) count, SEEK_CUR) != 0) { refuse("it can't be read"); }
        position += count;
    }

    bool is_at_end() const { return position == size; }
    uint64_t file_size() const { return size; }

private:
    void need(uint64_t count) const {
        if (count > size - position) { refuse("it ends too early: it is damaged, or was not copied whole"); }
    }

    void read(void * destination, uint64_t count) {
        need(count);
        if (std::fread(destination, 1, count, file) != count) { refuse("it can't be read"); }
        position += count;
    }

    std::FILE * file;
    uint64_t size = 0;
    uint64_t position = 0;
};

void bound(const char * name, int32_t value, int32_t least, int32_t most) {
    if (value < least || value > most) {
        refuse(std::string("its ") + name + " is " + std::to_string(value) + ", which no whisper model has");
    }
}

// The type of the big weights, by the number of the files' format.
ggml_type weight_type(int32_t format) {
    switch (format % quantization_factor) {
    case GGML_FTYPE_MOSTLY_F16: return GGML_TYPE_F16;
    case GGML_FTYPE_MOSTLY_Q4_0: return GGML_TYPE_Q4_0;
    case GGML_FTYPE_MOSTLY_Q4_1: return GGML_TYPE_Q4_1;
    case GGML_FTYPE_MOSTLY_Q5_0: return GGML_TYPE_Q5_0;
    case GGML_FTYPE_MOSTLY_Q5_1: return GGML_TYPE_Q5_1;
    case GGML_FTYPE_MOSTLY_Q8_0: return GGML_TYPE_Q8_0;
    case GGML_FTYPE_MOSTLY_Q2_K: return GGML_TYPE_Q2_K;
    case GGML_FTYPE_MOSTLY_Q3_K: return GGML_TYPE_Q3_K;
    case GGML_FTYPE_MOSTLY_Q4_K: return GGML_TYPE_Q4_K;
    case GGML_FTYPE_MOSTLY_Q5_K: return GGML_TYPE_Q5_K;
    case GGML_FTYPE_MOSTLY_Q6_K: return GGML_TYPE_Q6_K;
    case GGML_FTYPE_ALL_F32: refuse("its weights are 32 bits wide, which whisper.cpp's convolutions don't take: convert it to f16");
    default: refuse("its weights have format " + std::to_string(format) + ", which whisper.cpp does not read");
    }
}

cw_model_info read_numbers(reader & file) {
    if ((uint32_t) file.number() != magic_number) { refuse("it is no whisper model in ggml's format"); }
    cw_model_info info = {};
    info.file_size = file.file_size();
    info.vocabulary = file.number();
    info.audio_context = file.number();
    info.audio_state = file.number();
    info.audio_heads = file.number();
    info.audio_layers = file.number();
    info.text_context = file.number();
    info.text_state = file.number();
    info.text_heads = file.number();
    info.text_layers = file.number();
    info.mels = file.number();
    info.weight_format = file.number();
    bound("vocabulary", info.vocabulary, first_timestamp + 1, 51866);
    bound("audio context", info.audio_context, 16, 1500);
    bound("audio state", info.audio_state, 16, 4096);
    bound("number of audio heads", info.audio_heads, 1, 64);
    bound("number of audio layers", info.audio_layers, 1, 48);
    bound("text context", info.text_context, 16, 4096);
    bound("text state", info.text_state, 16, 4096);
    bound("number of text heads", info.text_heads, 1, 64);
    bound("number of text layers", info.text_layers, 1, 48);
    bound("number of mel bands", info.mels, 8, 256);
    if (info.audio_state != info.text_state) { refuse("its encoder and decoder differ in width"); }
    if (info.audio_state % info.audio_heads != 0 || info.text_state % info.text_heads != 0) {
        refuse("its width is no multiple of its heads");
    }
    const ggml_type type = weight_type(info.weight_format);
    if (info.text_state % ggml_blck_size(type) != 0) { refuse("its width does not fit its weights' format"); }
    info.is_multilingual = info.vocabulary >= 51865;
    return info;
}

void read_vocabulary(reader & file, const cw_model_info & info) {
    bound("filters' number of mel bands", file.number(), info.mels, info.mels);
    bound("filters' number of bins", file.number(), spectrum_size, spectrum_size);
    file.skip((uint64_t) info.mels * spectrum_size * sizeof(float));
    const int32_t count = file.number();
    bound("table of tokens", count, 1, info.vocabulary);
    bool has_space = false;
    for (int32_t token = 0; token < count; token++) {
        const auto length = (uint32_t) file.number();
        if (length > 1024) { refuse("its table of tokens is damaged"); }
        has_space = file.text(length) == " " || has_space;
    }
    if (!has_space) { refuse("its table of tokens has no space"); }
}

ggml_type expected_type(const std::string & name, int32_t dimensions, ggml_type weights) {
    if (name == "encoder.conv1.weight" || name == "encoder.conv2.weight") { return GGML_TYPE_F16; }
    const bool is_weight = name.size() > 7 && name.compare(name.size() - 7, 7, ".weight") == 0;
    return is_weight && dimensions == 2 ? weights : GGML_TYPE_F32;
}

// whisper.cpp checks names and shapes itself, but trusts the numbers that they are read with.
void read_tensors(reader & file, const cw_model_info & info) {
    const ggml_type weights = weight_type(info.weight_format);
    const size_t expected_count = 11 + 15 * (size_t) info.audio_layers + 24 * (size_t) info.text_layers;
    std::set<std::string> names;
    while (!file.is_at_end()) {
        const int32_t dimensions = file.number();
        const int32_t length = file.number();
        const int32_t type = file.number();
        if (dimensions < 1 || dimensions > 3 || length < 1 || length > 128) { refuse("its list of weights is damaged"); }
        uint64_t elements = 1;
        int32_t row = 1;
        for (int32_t index = 0; index < dimensions; index++) {
            const int32_t extent = file.number();
            if (extent < 1 || extent > 1 << 20) { refuse("its list of weights is damaged"); }
            if (index == 0) { row = extent; }
            elements *= (uint64_t) extent;
        }
        const std::string name = file.text((uint64_t) length);
        const ggml_type expected = expected_type(name, dimensions, weights);
        if (type != (int32_t) expected) { refuse("the type of its weights '" + name + "' is not that of its format"); }
        if (row % ggml_blck_size(expected) != 0) { refuse("the shape of its weights '" + name + "' does not fit its format"); }
        if (!names.insert(name).second) { refuse("it holds '" + name + "' twice"); }
        file.skip(elements / (uint64_t) ggml_blck_size(expected) * ggml_type_size(expected));
    }
    if (names.empty()) { refuse("it holds no weights, only a header"); }
    if (names.size() != expected_count) {
        refuse("it holds " + std::to_string(names.size()) + " of " + std::to_string(expected_count) + " weights");
    }
}

} // namespace

cw_model_info cw::check_model(std::FILE * file) {
    reader contents(file);
    const cw_model_info info = read_numbers(contents);
    read_vocabulary(contents, info);
    read_tensors(contents, info);
    return info;
}

bool cw_model_is_one(const char * path) {
    const cw_status status = cw::guarded([&] {
        cw::file_handle file(std::fopen(path, "rb"));
        if (!file) { return CW_FAILED; }
        reader contents(file.get());
        if ((uint32_t) contents.number() != magic_number) { return CW_FAILED; }
        // The detector of voices begins alike, with the length of a name.
        return contents.number() > first_timestamp ? CW_OK : CW_FAILED;
    });
    return status == CW_OK;
}

cw_status cw_model_check(const char * path, cw_model_info * info) {
    return cw::guarded([&] {
        cw::file_handle file(std::fopen(path, "rb"));
        if (!file) { return cw::fail(CW_INVALID_ARGUMENT, "it can't be opened"); }
        try {
            *info = cw::check_model(file.get());
        } catch (const std::runtime_error & error) {
            return cw::fail(CW_INVALID_ARGUMENT, error.what());
        }
        return CW_OK;
    });
}
