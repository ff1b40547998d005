// Work on the threads that ggml computes with.

#ifndef CL_GGML_THREADS_H
#define CL_GGML_THREADS_H

#include <cstddef>
#include <functional>

namespace cl {

// Calls work(0) ... work(count - 1), each once, on this thread and threads - 1 of ggml's: right after a decode those are
// awake, and none competes with them for the cores. threads is what this thread decodes with. Work is called on several
// threads at once and must not throw.
void for_each_on_ggml_threads(size_t count, int threads, const std::function<void(size_t)> & work);

} // namespace cl

#endif
