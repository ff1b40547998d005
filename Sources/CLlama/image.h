#ifndef CL_IMAGE_IMPL_H
#define CL_IMAGE_IMPL_H

#include <cstdint>
#include <string>
#include <vector>

struct cl_image {
    uint32_t width;
    uint32_t height;
    std::vector<uint8_t> pixels; // red, green and blue of each, row by row
    std::string hash;            // of the file, in hexadecimal digits
};

#endif
