// Refuses what would exhaust the stack of the recursive code that JSON passes through, before anything parses it.

#ifndef CL_JSON_DEPTH_H
#define CL_JSON_DEPTH_H

#include <stdexcept>
#include <string>
#include <string_view>

namespace cl {

constexpr int max_depth = 128;

// Throws std::invalid_argument, with the name of the text, where it is nested deeper than max_depth.
inline void check_depth(std::string_view json, const char * name) {
    int depth = 0;
    bool in_string = false;
    for (size_t index = 0; index < json.size(); ++index) {
        const char character = json[index];
        if (in_string) {
            if (character == '\\') {
                index += 1;
            } else if (character == '"') {
                in_string = false;
            }
        } else if (character == '"') {
            in_string = true;
        } else if (character == '[' || character == '{') {
            depth += 1;
            if (depth > max_depth) { throw std::invalid_argument(std::string(name) + " is nested too deeply"); }
        } else if (character == ']' || character == '}') {
            depth -= 1;
        }
    }
}

} // namespace cl

#endif
