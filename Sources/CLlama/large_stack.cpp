#include "large_stack.h"

#include <exception>
#include <mutex>
#include <pthread.h>
#include <system_error>

namespace {

struct job {
    const std::function<void()> & body;
    std::exception_ptr thrown;
};

void * perform(void * argument) {
    auto * work = static_cast<job *>(argument);
    try {
        work->body();
    } catch (...) {
        work->thrown = std::current_exception();
    }
    return nullptr;
}

void check(int code) {
    if (code != 0) { throw std::system_error(code, std::generic_category(), "a thread with a large stack"); }
}

} // namespace

void cl::with_large_stack(const std::function<void()> & body) {
    static std::mutex one_at_a_time;
    const std::lock_guard<std::mutex> lock(one_at_a_time);
    job work = {body, nullptr};
    pthread_attr_t attributes;
    check(pthread_attr_init(&attributes));
    pthread_t thread;
    int code = pthread_attr_setstacksize(&attributes, large_stack_characters * 1024);
    if (code == 0) { code = pthread_create(&thread, &attributes, perform, &work); }
    pthread_attr_destroy(&attributes);
    check(code);
    check(pthread_join(thread, nullptr));
    if (work.thrown) { std::rethrow_exception(work.thrown); }
}
