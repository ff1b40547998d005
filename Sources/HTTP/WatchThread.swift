internal import Glibc

/// The thread of a `ConnectionWatch`, to be joined once it was told to stop.
struct WatchThread: Sendable {
    private let thread: pthread_t

    /// - Throws: `systemFailure`.
    init(_ watch: ConnectionWatch, _ daemon: Daemon) throws(HTTPServerError) {
        thread = try Self.create { watch.run(daemon) }
    }

    /// Blocks until the thread has ended.
    func join() { pthread_join(thread, nil) }

    /// Does work that blocks on a thread of its own, not on one of those that tasks share.
    static func detached(_ work: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            do throws(HTTPServerError) {
                let thread = try create {
                    work()
                    continuation.resume()
                }
                pthread_detach(thread)
            } catch {
                // Better to block one of those threads than not to do it.
                work()
                continuation.resume()
            }
        }
    }

    private static func create(_ body: @escaping @Sendable () -> Void) throws(HTTPServerError) -> pthread_t {
        // Released by the thread.
        let box = unsafe Unmanaged.passRetained(ThreadBody(run: body))
        var thread = pthread_t()
        let failure = unsafe pthread_create(&thread, nil, runThread, box.toOpaque())
        guard failure == 0 else {
            unsafe box.release()
            throw HTTPServerError(.systemFailure, "No thread can be started.", errorNumber: failure)
        }
        return thread
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context = unsafe context { unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}
