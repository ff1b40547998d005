// Room for native code that recurses once for every character of its input.

#ifndef CL_LARGE_STACK_H
#define CL_LARGE_STACK_H

#include <cstddef>
#include <functional>

namespace cl {

// libstdc++'s std::regex recurses for every character of a match, some 300 bytes deep each time; llama.cpp cuts text
// with it for many vocabularies, and reads the names in tools and schemas. A stranger's word of 30,000 letters would
// end the process on an ordinary stack of 8 MiB. A match of more than small_stack_characters belongs on a large stack,
// one of more than large_stack_characters has to be refused.
constexpr size_t small_stack_characters = 1024;
constexpr size_t large_stack_characters = 512 * 1024;

// Runs body on a thread with a stack for matches of large_stack_characters and waits for it, passing on what it throws.
// One at a time in the process: the stack may hold half a gigabyte by then.
void with_large_stack(const std::function<void()> & body);

} // namespace cl

#endif
