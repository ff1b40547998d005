#include "ggml_threads.h"

#include "ggml-cpu.h"
#include "ggml.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

namespace {

struct job {
    const std::function<void(size_t)> & work;
    size_t count;
    std::atomic<size_t> next{0};

    // Each thread takes what is next, so that one that lost its core to another program holds up nothing else.
    void run() {
        for (size_t index = next++; index < count; index = next++) { work(index); }
    }
};

struct context_deleter {
    void operator()(ggml_context * context) const { ggml_free(context); }
};

} // namespace

// A graph of one node that calls back: ggml has no other door to its threads, with OpenMP or without. All threads are
// asked for, however few the work needs: OpenMP ends those that a smaller team leaves out, and the next decode would have
// to start them anew.
void cl::for_each_on_ggml_threads(size_t count, int threads, const std::function<void(size_t)> & work) {
    job shared{work, count};
    if (threads <= 1 || count <= 1) { return shared.run(); }
    const ggml_init_params params = {ggml_tensor_overhead() + ggml_graph_overhead_custom(1, false), nullptr, true};
    const std::unique_ptr<ggml_context, context_deleter> context(ggml_init(params));
    if (!context) { throw std::bad_alloc(); }
    ggml_tensor * node = ggml_custom_4d(
        context.get(), GGML_TYPE_I8, 1, 1, 1, 1, nullptr, 0,
        [](ggml_tensor *, int, int, void * data) { static_cast<job *>(data)->run(); }, threads, &shared);
    ggml_cgraph * graph = ggml_new_graph_custom(context.get(), 1, false);
    ggml_build_forward_expand(graph, node);
    ggml_cplan plan = ggml_graph_plan(graph, threads, nullptr);
    std::vector<uint8_t> workspace(plan.work_size);
    plan.work_data = workspace.data();
    if (ggml_graph_compute(graph, &plan) != GGML_STATUS_SUCCESS) {
        throw std::runtime_error("ggml did not run the sampling");
    }
    shared.run(); // nothing is left, unless ggml gave no thread
}
