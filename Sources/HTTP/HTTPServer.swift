internal import Glibc
internal import RuntimeSupport
internal import Synchronization

/// An HTTP/1.1 server.
///
/// Its life: `init` binds, `start` serves, `shutdown` ends. A server that was started must be shut down. Handlers run in
/// tasks of their own, one a request, cancelled when their client leaves; they must end when cancelled, since `shutdown`
/// waits for them.
package final class HTTPServer: Sendable {
    private struct Running: Sendable {
        let daemon: Daemon
        let thread: WatchThread
    }

    private enum Phase {
        case bound, running(Running), stopped
    }

    /// The port that clients connect to, also where the configuration left its choice open.
    package let port: UInt16
    private let service: HTTPService
    private let phase = Guarded(Phase.bound)

    /// Binds to the configured address; nothing is accepted before `start`.
    ///
    /// The renderer gives faults their form; its responses have bytes for a body, or none.
    ///
    /// - Throws: `HTTPServerError` where the address can't be bound to.
    package convenience init(
        configuration: HTTPConfiguration,
        router: Router,
        renderer: @escaping FaultRenderer = { fault, _, _ in .text(fault.message) }
    ) throws(HTTPServerError) {
        let listener = try ListeningSocket(host: configuration.host, port: configuration.port)
        try self.init(listener: listener, configuration: configuration, router: router, renderer: renderer)
    }

    /// Takes a socket that is bound already, so that a conflict is found before what the routes need is made.
    ///
    /// Clients that connect before `start` wait for it.
    ///
    /// - Throws: `HTTPServerError` where the system lacks the means.
    package init(
        listener: ListeningSocket,
        configuration: HTTPConfiguration,
        router: Router,
        renderer: @escaping FaultRenderer = { fault, _, _ in .text(fault.message) }
    ) throws(HTTPServerError) {
        let watch = try ConnectionWatch(listener: listener, limit: configuration.limits.connections)
        port = listener.port
        service = HTTPService(configuration: configuration, router: router, renderer: renderer, watch: watch)
    }

    /// Starts to serve, on two threads.
    ///
    /// - Throws: `HTTPServerError`, among others where the TLS identity can't be used.
    package func start() throws(HTTPServerError) {
        Self.raiseDescriptorLimit(for: service.configuration.limits.connections)
        let service = service
        let result: Result<Void, HTTPServerError> = phase.withLock { phase in
            guard case .bound = phase else {
                return .failure(HTTPServerError(.notStartable, "The server was started or shut down before."))
            }
            return Result { () throws(HTTPServerError) in
                let daemon = try Daemon(service: service)
                do throws(HTTPServerError) {
                    let thread = try WatchThread(service.watch, daemon)
                    phase = .running(Running(daemon: daemon, thread: thread))
                } catch {
                    daemon.stop()
                    throw error
                }
            }
        }
        try result.get()
        log.info("listening on port \(port)")
    }

    /// Stops accepting, lets running requests finish until the deadline, cancels those that are left, and ends all
    /// threads and tasks.
    ///
    /// A second call returns at once.
    package func shutdown(drainDeadline: Duration) async {
        let running: Running? = phase.withLock { phase in
            defer { phase = .stopped }
            if case .running(let running) = phase { return running }
            return nil
        }
        service.isDraining.store(true, ordering: .relaxed)
        service.watch.stopAccepting()
        guard let running else { return }
        await drain(until: drainDeadline)
        service.watch.endAll()
        await service.tasks.waitUntilIdle()
        service.watch.stop()
        await WatchThread.detached {
            // In this order: the watch gives connections to the daemon.
            running.thread.join()
            running.daemon.stop()
        }
    }

    private func drain(until deadline: Duration) async {
        let exchanges = service.exchanges
        await withTaskGroup { group in
            group.addTask { await exchanges.waitUntilIdle() }
            group.addTask { try? await Task.sleep(for: deadline) }
            await group.next()
            group.cancelAll()
        }
        if exchanges.count > 0 { log.warning("\(exchanges.count) requests did not end in time and are cancelled") }
    }

    /// Every connection needs a descriptor, and the rest of the process some more.
    private static func raiseDescriptorLimit(for connections: Int) {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let wanted = min(rlim_t(connections + 1024), limit.rlim_max)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = wanted
        if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
            log.warning("the limit of open files can't be raised to \(wanted)")
        }
    }
}
