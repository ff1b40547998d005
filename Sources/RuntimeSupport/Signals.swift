import Dispatch
import Foundation

/// Unix signals as callbacks on a queue of their own.
package enum Signals {
    /// Calls the handler for each arrival of one of the signals, until the returned token is dropped.
    ///
    /// When it returns, the handling is in place: no later signal is lost or ends the process.
    package static func handle(_ signals: [Int32], _ handler: @escaping @Sendable (Int32) -> Void) -> Subscription {
        let queue = DispatchQueue(label: "signals")
        return Subscription(
            sources: signals.map { number in
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                let installed = DispatchSemaphore(value: 0)
                source.setRegistrationHandler { installed.signal() }
                source.setEventHandler { handler(number) }
                source.resume()
                installed.wait()
                return source
            }
        )
    }

    /// Writing to a socket or pipe whose reader has gone then fails with an error instead of ending the process.
    package static func ignoreBrokenPipes() {
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Keeps the handling of signals alive.
    package final class Subscription: Sendable {
        // Safe to share: libdispatch's objects may be used on any thread.
        private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

        fileprivate init(sources: [any DispatchSourceSignal]) { unsafe self.sources = sources }
        deinit { unsafe sources.forEach { $0.cancel() } }
    }
}
