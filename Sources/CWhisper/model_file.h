#ifndef CW_MODEL_FILE_H
#define CW_MODEL_FILE_H

#include "cw_model.h"

#include <cstdio>
#include <memory>

namespace cw {

struct file_closer {
    void operator()(std::FILE * file) const { std::fclose(file); }
};
using file_handle = std::unique_ptr<std::FILE, file_closer>;

// Reads the header of a model's file, vocabulary included, and the heads of all its tensors. What is wrong is told by an exception.
cw_model_info check_model(std::FILE * file);

} // namespace cw

#endif
