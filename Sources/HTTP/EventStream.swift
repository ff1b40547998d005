internal import RuntimeSupport

/// A streamed body of server-sent events.
package struct EventStream: Sendable {
    private let writer: BodyWriter
    private let activity: Activity

    /// Sends an event without a name.
    ///
    /// Lines of the data become lines of the event.
    ///
    /// - Throws: `BodyWriter.Closed` or `CancellationError`.
    package func send(data: String) async throws {
        try await write(Self.lines("data", data) + "\n")
    }

    /// Sends an event with a name, of which anything behind a line break is cut.
    ///
    /// - Throws: `BodyWriter.Closed` or `CancellationError`.
    package func send(event: String, data: String) async throws {
        let name = event.prefix { !$0.isNewline }
        try await write("event: \(name)\n" + Self.lines("data", data) + "\n")
    }

    /// Sends a comment, which clients ignore.
    ///
    /// - Throws: `BodyWriter.Closed` or `CancellationError`.
    package func comment(_ text: String) async throws {
        try await write(Self.lines("", text) + "\n")
    }

    private func write(_ text: String) async throws {
        try await writer.write(text)
        activity.note()
    }

    /// One `field: line` for each line, whichever line break parts them.
    private static func lines(_ field: String, _ text: String) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) else {
            return "\(field): \(text)\n"
        }
        // Not isNewline, which parts at U+2028 and others that end no line of an event stream.
        let breaks: Set<Character> = ["\n", "\r", "\r\n"]
        return text.split(omittingEmptySubsequences: false) { breaks.contains($0) }
            .map { "\(field): \($0)\n" }.joined()
    }
}

extension EventStream {
    /// When something was last sent, in time since the stream began.
    private final class Activity: Sendable {
        private let elapsed: @Sendable () -> Duration
        private let last = Guarded(Duration.zero)

        init(_ elapsed: @escaping @Sendable () -> Duration) { self.elapsed = elapsed }

        func note() {
            let now = elapsed()
            last.withLock { $0 = now }
        }

        /// How long the stream has been silent.
        var silence: Duration { elapsed() - last.withLock { $0 } }
    }

    /// Runs a producer, and sends a comment whenever nothing else was sent for `interval`.
    fileprivate static func run<C: Clock<Duration>>(
        _ writer: BodyWriter,
        keepAlive interval: Duration,
        clock: C,
        _ produce: @escaping @Sendable (EventStream) async throws -> Void
    ) async throws {
        let start = clock.now
        let stream = EventStream(writer: writer, activity: Activity { start.duration(to: clock.now) })
        try await withThrowingTaskGroup { group in
            group.addTask {
                while true {
                    let silence = stream.activity.silence
                    if silence >= interval {
                        try await stream.comment("keep-alive")
                    } else {
                        try await clock.sleep(for: interval - silence)
                    }
                }
            }
            group.addTask { try await produce(stream) }
            // The first task ends only by an error, such as a client that left; then the producer is cancelled.
            try await group.next()
            group.cancelAll()
        }
    }
}

extension HTTPResponse {
    /// A response of server-sent events.
    ///
    /// After `keepAlive` without an event, a comment keeps proxies from taking the connection for dead. The producer
    /// ends the stream by returning, and is cancelled when the client leaves.
    package static func events(
        headers: HTTPHeaders = HTTPHeaders(),
        keepAlive: Duration = .seconds(10),
        clock: some Clock<Duration> = ContinuousClock(),
        _ produce: @escaping @Sendable (EventStream) async throws -> Void
    ) -> Self {
        var headers = headers
        headers["Content-Type"] = "text/event-stream"
        headers["Cache-Control"] = "no-cache"
        headers["X-Accel-Buffering"] = "no"
        return Self(
            headers: headers,
            body: .stream { writer in
                try await EventStream.run(writer, keepAlive: keepAlive, clock: clock, produce)
            }
        )
    }
}
