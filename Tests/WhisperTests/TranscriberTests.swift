import Foundation
import RuntimeSupport
import Testing
import Whisper

@Suite("Transcriber")
struct TranscriberTests {
    /// Counts questions of where a transcription stands, and may end or hold one.
    private final class Pace: Sendable {
        private let counts = Guarded<[PacePoint: Int]>([:])
        private let limit: Int

        /// - Parameter limit: The number of runs of the encoder that are allowed.
        init(encoderRuns limit: Int = .max) { self.limit = limit }

        func ask(_ point: PacePoint) -> Bool {
            counts.withLock { counts in
                counts[point, default: 0] += 1
                return counts[.encoder, default: 0] <= limit
            }
        }

        subscript(_ point: PacePoint) -> Int { counts.withLock { $0[point] ?? 0 } }
    }

    private func transcriber(
        _ path: String = Fixtures.small,
        atOnce: Int = 1,
        maxWaiting: Int = 8,
        pace: @escaping @Sendable (PacePoint) -> Bool = { _ in true }
    ) throws -> Transcriber {
        Transcriber(
            model: try WhisperModel(path: path),
            threads: 1,
            atOnce: atOnce,
            maxWaiting: maxWaiting,
            pace: pace
        )
    }

    @Test("sound becomes segments, the same each time, with times in order")
    func segments() async throws {
        let pace = Pace()
        let transcriber = try transcriber(pace: pace.ask)
        let first = await Collected(try transcriber.submit(Fixtures.jfk, .plain))
        let second = await Collected(try transcriber.submit(Fixtures.jfk, .plain))
        #expect(first.error == nil && !first.segments.isEmpty && !first.text.isEmpty)
        #expect(first.segments == second.segments)
        #expect(first.segments.map(\.index) == Array(first.segments.indices))
        for segment in first.segments {
            #expect(segment.start <= segment.end && segment.end <= 11.01)
            #expect(segment.temperature == 0 && segment.averageLogprob < 0)
            #expect(Array(segment.text.utf8) == segment.tokens.flatMap(\.text) || segment.text.contains("\u{FFFD}"))
        }
        let summary = try #require(first.summary)
        #expect(summary.duration == 11 && summary.language == .english)
        // Eleven seconds are 550 positions: 640 with what lies behind them, not 1500.
        #expect(summary.encoderRuns >= 1 && summary.encoderPositions <= 640 * summary.encoderRuns)
        #expect(pace[.encoder] >= 2 && pace[.step] > pace[.encoder])
        await transcriber.stop()
    }

    @Test("the language is found in the sound, whose first window is encoded once for all that", arguments: [1, 3])
    func detection(times: Int) async throws {
        let transcriber = try transcriber()
        let sound = [[Float]](repeating: Fixtures.jfk, count: times).flatMap { $0 }
        var options = TranscriptionOptions.plain
        options.language = nil
        let found = await Collected(try transcriber.submit(sound, options))
        options.language = found.summary?.language
        let asked = await Collected(try transcriber.submit(sound, options))
        #expect(found.segments == asked.segments && found.summary?.language == asked.summary?.language)
        #expect(found.summary?.encoderRuns == asked.summary?.encoderRuns)
        #expect(found.summary?.encoderPositions == asked.summary?.encoderPositions)
        await transcriber.stop()
    }

    @Test("options change what comes")
    func options() async throws {
        let transcriber = try transcriber()
        var changes: [TranscriptionOptions] = [.plain, .plain, .plain, .plain, .plain, .plain]
        changes[1].prompt = "Ask not what the country does."
        changes[2].translates = true
        changes[3].language = WhisperLanguage("de")
        changes[4].temperature = 1
        changes[5].maxTokens = 5
        var texts: Set<String> = []
        for var change in changes {
            // With fewer positions these weights say little.
            change.audioContext = .fixed(768)
            let collected = await Collected(try transcriber.submit(Fixtures.jfk, change))
            #expect(collected.error == nil)
            texts.insert(collected.text)
        }
        #expect(texts.count == changes.count)
        await transcriber.stop()
    }

    @Test("silence and noise give nothing, and no run of the encoder")
    func silence() async throws {
        let pace = Pace(encoderRuns: 0)
        let transcriber = try transcriber(pace: pace.ask)
        var state: UInt64 = 1
        let noise = (0..<32_000).map { _ -> Float in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max) * 0.02
        }
        for sound in [[], [0.5], [Float](repeating: 0, count: 160_000), noise] {
            let collected = await Collected(try transcriber.submit(sound, .plain))
            #expect(collected.error == nil && collected.segments.isEmpty && collected.summary?.encoderRuns == 0)
        }
        #expect(pace[.encoder] == 0)
        await transcriber.stop()
    }

    @Test("a model that hears five seconds hears eleven in pieces")
    func pieces() async throws {
        let transcriber = try transcriber(Fixtures.short)
        let collected = await Collected(try transcriber.submit(Fixtures.jfk, .plain))
        let summary = try #require(collected.summary)
        #expect(summary.encoderRuns >= 3 && summary.encoderPositions <= 256 * summary.encoderRuns)
        // Each piece begins where the window of its segments does.
        let starts = Set(collected.segments.map(\.windowStart))
        #expect(starts.count >= 2 && collected.segments.allSatisfy { $0.start <= $0.end && $0.end <= 11.01 })
        #expect(collected.segments.map(\.windowStart) == collected.segments.map(\.windowStart).sorted())
        await transcriber.stop()
    }

    @Test("a model of English alone refuses other languages")
    func englishAlone() async throws {
        let transcriber = try transcriber(Fixtures.short)
        var options = TranscriptionOptions.plain
        options.language = WhisperLanguage("de")
        #expect(throws: WhisperError.self) { try transcriber.submit(Fixtures.jfk, options) }
        await transcriber.stop()
    }

    @Test(
        "words have times within their segment's window, and lose no text",
        arguments: [Fixtures.small, Fixtures.short]
    )
    func words(_ path: String) async throws {
        let transcriber = try transcriber(path)
        var options = TranscriptionOptions.plain
        options.timesWords = true
        let collected = await Collected(try transcriber.submit(Fixtures.jfk, options))
        #expect(collected.error == nil && collected.segments.contains { !$0.words.isEmpty })
        for segment in collected.segments {
            let words = segment.words.map(\.text).joined().filter { !$0.isWhitespace }
            #expect(words == segment.text.filter { !$0.isWhitespace })
            for word in segment.words {
                #expect(word.start >= segment.windowStart && word.start <= word.end && word.end <= 11.5)
                #expect(word.probability > 0 && word.probability <= 1)
            }
        }
        await transcriber.stop()
    }

    @Test("who goes away ends the work, running or waiting")
    func leaving() async throws {
        let hold = DispatchSemaphore(value: 0)
        let isHeld = DispatchSemaphore(value: 0)
        let pace = Pace()
        let transcriber = try transcriber { point in
            if point == .encoder, pace[.encoder] == 0 {
                isHeld.signal()
                hold.wait()
            }
            return pace.ask(point)
        }
        var running: TranscriptionStream? = try transcriber.submit(Fixtures.jfk, .plain)
        await withCheckedContinuation { done in
            Thread {
                isHeld.wait()
                done.resume()
            }.start()
        }
        var waiting: TranscriptionStream? = try transcriber.submit(Fixtures.jfk, .plain)
        #expect(transcriber.load.running == 1 && transcriber.load.waiting == 1)
        waiting?.cancel()
        #expect(transcriber.load.waiting == 0)
        running?.cancel()
        hold.signal()
        // What comes behind them is served.
        let last = await Collected(try transcriber.submit([Float](repeating: 0, count: 16_000), .plain))
        #expect(last.summary != nil && pace[.encoder] == 1)
        (running, waiting) = (nil, nil)
        await transcriber.stop()
    }

    @Test("one that hangs is silent; at the end, and while none runs, nothing is")
    func heartbeats() async throws {
        let hold = DispatchSemaphore(value: 0)
        let transcriber = try transcriber { point in
            if point == .encoder {
                hold.wait()
                hold.signal()
            }
            return true
        }
        #expect(transcriber.silence == .zero)
        let stream = try transcriber.submit(Fixtures.jfk, .plain)
        while transcriber.silence < .milliseconds(20) { await Task.yield() }
        hold.signal()
        #expect(await Collected(stream).summary != nil)
        await transcriber.stop()
        #expect(transcriber.silence == .zero)
    }

    @Test("pace ends a transcription in the middle")
    func ended() async throws {
        let pace = Pace(encoderRuns: 1)
        let transcriber = try transcriber(Fixtures.short, pace: pace.ask)
        let collected = await Collected(try transcriber.submit(Fixtures.jfk, .plain))
        #expect(collected.error?.code == .ended)
        await transcriber.stop()
    }

    @Test("too many are refused, and a stop ends all")
    func bounds() async throws {
        let hold = DispatchSemaphore(value: 0)
        let transcriber = try transcriber(maxWaiting: 1) { point in
            if point == .encoder {
                hold.wait()
                hold.signal()
            }
            return true
        }
        let first = try transcriber.submit(Fixtures.jfk, .plain)
        while transcriber.load.running == 0 { await Task.yield() }
        let second = try transcriber.submit(Fixtures.jfk, .plain)
        do {
            _ = try transcriber.submit(Fixtures.jfk, .plain)
            Issue.record("was taken")
        } catch {
            #expect(error.code == .queueFull(retryAfterSeconds: 2))
        }
        async let stop: Void = transcriber.stop()
        let waiting = await Collected(second)
        hold.signal()
        let running = await Collected(first)
        await stop
        #expect(waiting.error?.code == .stopping && running.error?.code == .stopping)
        #expect(throws: WhisperError.self) { try transcriber.submit([], .plain) }
    }

    @Test("two at once give what each gives alone")
    func together() async throws {
        let transcriber = try transcriber(atOnce: 2)
        let alone = await Collected(try transcriber.submit(Fixtures.jfk, .plain))
        let streams = try (0..<4).map { _ in try transcriber.submit(Fixtures.jfk, .plain) }
        for stream in streams { #expect(await Collected(stream).segments == alone.segments) }
        await transcriber.stop()
    }
}
