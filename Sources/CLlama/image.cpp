#include "image.h"

#include "boundary.h"
#include "cl_media.h"

#include <climits>
#include <cstring>
#include <memory>

// Of stb_image and of llama.cpp's vendor/hash, which are part of its libraries; their headers are not installed.
extern "C" {
unsigned char * stbi_load_from_memory(
    const unsigned char * buffer, int length, int * width, int * height, int * channels, int desired_channels);
int stbi_info_from_memory(const unsigned char * buffer, int length, int * width, int * height, int * channels);
void stbi_image_free(void * pixels);
int stbi_zlib_decode_buffer(char * output, int capacity, const char * input, int length);
}
std::string hash_sha256_hex(const void * data, size_t len);

namespace {

constexpr size_t deflate_ratio = 1032;
// What may be decompressed beyond what the image needs, before it is looked at more closely.
constexpr size_t harmless_bytes = 64u << 20;

uint32_t big_endian(const uint8_t * bytes) {
    return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 | bytes[3];
}

// Whether a PNG's compressed rows are no more than its size says. stb_image decompresses all that there is: a small file could
// become gigabytes.
bool is_of_its_size(const uint8_t * bytes, size_t size, uint32_t width, uint32_t height) {
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    if (size < 33 || std::memcmp(bytes, signature, sizeof(signature)) != 0) { return true; }
    // At most four channels of 16 bits; seven interlaced pictures have more rows, each with a byte of its own.
    const size_t expected = (size_t) width * height * 8 + (size_t) height * 16 + 4096;
    std::vector<char> compressed;
    for (size_t place = 8; place + 12 <= size;) {
        const size_t length = big_endian(bytes + place);
        if (length > size - place - 12) { return false; }
        if (std::memcmp(bytes + place + 4, "IDAT", 4) == 0) {
            const char * start = reinterpret_cast<const char *>(bytes) + place + 8;
            compressed.insert(compressed.end(), start, start + length);
        }
        place += length + 12;
    }
    if (compressed.size() * deflate_ratio <= expected + harmless_bytes) { return true; }
    if (compressed.size() > INT_MAX || expected > INT_MAX) { return false; }
    std::vector<char> rows(expected);
    return stbi_zlib_decode_buffer(rows.data(), (int) rows.size(), compressed.data(), (int) compressed.size()) >= 0;
}

} // namespace

cl_status cl_image_decode(const uint8_t * bytes, size_t size, uint32_t width, uint32_t height, cl_image ** image) {
    return cl::guarded([&] {
        if (size == 0 || size > INT_MAX) { return cl::fail(CL_INVALID_ARGUMENT, "the file is empty, or too large"); }
        if (width == 0 || height == 0) { return cl::fail(CL_INVALID_ARGUMENT, "the image has no pixels"); }
        int columns = 0, rows = 0, channels = 0;
        if (stbi_info_from_memory(bytes, (int) size, &columns, &rows, &channels) == 0) {
            return cl::fail(CL_FAILED, "it is not an image that can be decoded");
        }
        if ((int64_t) columns != width || (int64_t) rows != height) {
            return cl::fail(CL_FAILED, "its header says different things of its size");
        }
        if (!is_of_its_size(bytes, size, width, height)) {
            return cl::fail(CL_FAILED, "it holds more than its header says");
        }
        const std::unique_ptr<unsigned char, decltype(&stbi_image_free)> pixels(
            stbi_load_from_memory(bytes, (int) size, &columns, &rows, &channels, 3), stbi_image_free);
        if (!pixels || (int64_t) columns != width || (int64_t) rows != height) {
            return cl::fail(CL_FAILED, "it is damaged, or of a kind that can't be decoded");
        }
        auto holder = std::make_unique<cl_image>();
        holder->width = width;
        holder->height = height;
        holder->pixels.assign(pixels.get(), pixels.get() + (size_t) width * height * 3);
        holder->hash = hash_sha256_hex(bytes, size);
        *image = holder.release();
        return CL_OK;
    });
}

void cl_image_free(cl_image * image) { delete image; }
