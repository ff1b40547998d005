import Media
import RuntimeSupport
import Speech
import Testing

@Suite("Speech engine")
struct SpeechEngineTests {
    private func engine(_ control: FakeSynthesizer.Control, maxWaiting: Int = 8) -> SpeechEngine<FakeSynthesizer> {
        SpeechEngine(FakeSynthesizer(control), maxWaiting: maxWaiting)
    }

    @Test("an utterance's pieces come in order, each with its end")
    func order() async throws {
        let control = FakeSynthesizer.Control()
        let engine = engine(control)
        var ends = 0
        var samples = 0
        var last: SpeechEvent?
        for await event in try await engine.submit(Utterance(["a", "b", "c"])) {
            if case .sound(let part) = event { samples += part.count }
            if case .pieceEnd(let pause) = event {
                ends += 1
                #expect(pause == .milliseconds(300))
            }
            last = event
        }
        #expect(ends == 3 && samples == 3 * 20_000 && last == .finished)
        #expect(control.spoken == ["a", "b", "c"])
        #expect(await engine.count == 0)
        await engine.stop()
    }

    @Test("utterances take turns by piece")
    func turns() async throws {
        let control = FakeSynthesizer.Control()
        let engine = engine(control)
        let streams = try await engine.submitAll([
            Utterance(["a1", "a2", "a3"]), Utterance(["b1", "b2"]), Utterance(["c1", "c2", "c3", "c4"]),
        ])
        for stream in streams { for await _ in stream {} }
        #expect(control.spoken == ["a1", "b1", "c1", "a2", "b2", "c2", "a3", "c3", "c4"])
        await engine.stop()
    }

    @Test("pieces that are made in steps are spoken side by side, on cores that are shared with others")
    func steps() async throws {
        let control = FakeSynthesizer.Control()
        let cores = CoreArbiter()
        let engine = SpeechEngine(
            FakeSynthesizer(control, capacity: 2, isStepwise: true),
            maxWaiting: 8,
            seat: cores.makeSeat()
        )
        let streams = try await engine.submitAll([Utterance(["a"]), Utterance(["b"]), Utterance(["c"])])
        for stream in streams { for await _ in stream {} }
        let parts = FakeSynthesizer.parts
        // The first that ends gives its place to the third.
        #expect(control.spoken.prefix(2 * parts - 1).allSatisfy { $0 != "c" })
        #expect(control.spoken.prefix(2 * parts - 2).count { $0 == "a" } == parts - 1)
        #expect(control.spoken.count == 3 * parts && control.spoken.suffix(parts - 1).allSatisfy { $0 == "c" })
        #expect(control.ended.sorted() == ["a", "b", "c"])
        await engine.stop()
        #expect(!cores.isBusy)
    }

    @Test("a reader that goes away frees its place between two steps")
    func abandonedStep() async throws {
        let control = FakeSynthesizer.Control(gated: ["gone"])
        let engine = SpeechEngine(FakeSynthesizer(control, isStepwise: true), maxWaiting: 8)
        let stream = try await engine.submit(Utterance(["gone", "never"]))
        stream.cancel()
        control.open()
        for await _ in try await engine.submit(Utterance(["other"])) {}
        #expect(control.spoken.count { $0 == "gone" } <= 1 && !control.spoken.contains("never"))
        #expect(control.spoken.count { $0 == "other" } == FakeSynthesizer.parts)
        #expect(await engine.count == 0)
        await engine.stop()
    }

    @Test("a reader that is behind pauses its own utterance alone")
    func backPressure() async throws {
        let control = FakeSynthesizer.Control()
        let engine = engine(control)
        let long = Utterance((0..<100).map { "slow\($0)" })
        let slow = try await engine.submit(long)
        for await _ in try await engine.submit(Utterance((0..<100).map { "fast\($0)" })) {}
        // 256 events are 13 pieces; the one that fills the channel is spoken to its end.
        #expect(control.spoken.count { $0.hasPrefix("slow") } <= 14)
        #expect(control.spoken.count { $0.hasPrefix("fast") } == 100)
        var ends = 0
        for await event in slow { if case .pieceEnd = event { ends += 1 } }
        #expect(ends == 100)
        await engine.stop()
    }

    @Test("a reader that goes away ends its utterance within the piece, and nobody else's")
    func abandoned() async throws {
        let control = FakeSynthesizer.Control(gated: ["gone1"])
        let engine = engine(control)
        let stream = try await engine.submit(Utterance(["gone1", "gone2"]))
        stream.cancel()
        control.open()
        for await _ in try await engine.submit(Utterance(["other"])) {}
        #expect(control.stopped.isEmpty || control.stopped == ["gone1"])
        #expect(!control.spoken.contains("gone2") && control.spoken.contains("other"))
        #expect(await engine.count == 0)
        await engine.stop()
    }

    @Test("one utterance too many is refused, and told when to come again")
    func overload() async throws {
        let control = FakeSynthesizer.Control(gated: ["wait"])
        let engine = engine(control, maxWaiting: 2)
        let streams = [
            try await engine.submit(Utterance((0..<50).map { "x\($0)" })),
            try await engine.submit(Utterance((0..<50).map { "y\($0)" })),
        ]
        await #expect(throws: SpeechError.self) { _ = try await engine.submit(Utterance(["z"])) }
        do {
            _ = try await engine.submit(Utterance(["z"]))
        } catch {
            #expect(error.code == .queueFull(retryAfterSeconds: 1))
        }
        for stream in streams { stream.cancel() }
        for await _ in try await engine.submit(Utterance(["z"])) {}
        #expect(!control.spoken.contains("never"))
        await engine.stop()
    }

    @Test("a piece that fails ends its utterance, once, and no other")
    func failure() async throws {
        let control = FakeSynthesizer.Control()
        let engine = engine(control)
        var events: [SpeechEvent] = []
        for await event in try await engine.submit(Utterance(["fine", FakeSynthesizer.poison, "never"])) {
            events.append(event)
        }
        #expect(events.last == .failed(SpeechError(.failed, "poisoned")))
        #expect(!control.spoken.contains("never"))
        var last: SpeechEvent?
        for await event in try await engine.submit(Utterance(["good"])) { last = event }
        #expect(last == .finished)
        await engine.stop()
    }

    @Test("what was spoken is counted by how it ended")
    func counts() async throws {
        let control = FakeSynthesizer.Control()
        let engine = engine(control, maxWaiting: 1)
        for await _ in try await engine.submit(Utterance(["a", "b"])) {}
        for await _ in try await engine.submit(Utterance([FakeSynthesizer.poison])) {}
        // Nobody reads it: it stays under way.
        let stream = try await engine.submit(Utterance((0..<50).map { "x\($0)" }))
        await #expect(throws: SpeechError.self) { _ = try await engine.submit(Utterance(["one too many"])) }
        // Admitted ones are not counted against the limit.
        for await _ in try await engine.submitAdmitted(Utterance(["z"])) {}
        stream.cancel()
        await engine.stop()
        let metrics = engine.board.withLock { $0 }
        #expect(metrics.outcomes == [.finished: 2, .failed: 1, .cancelled: 1, .rejected: 1])
        #expect(metrics.firstSoundSeconds.count == 3)
        #expect(metrics.seconds > 4 * 20_000 / 22_050)
    }

    @Test("a stop ends what is under way, and refuses what comes")
    func stop() async throws {
        let control = FakeSynthesizer.Control()
        let engine = engine(control)
        let stream = try await engine.submit(Utterance((0..<100).map { "x\($0)" }))
        await engine.stop()
        var last: SpeechEvent?
        for await event in stream { last = event }
        #expect(last == .failed(SpeechError(.stopping, "the server is stopping")))
        await #expect(throws: SpeechError.self) { _ = try await engine.submit(Utterance(["z"])) }
    }

    #if FFmpeg
    @Test("the first bytes of ten sentences are there before the second is spoken", arguments: AudioFormat.allCases)
    func firstBytes(_ format: AudioFormat) async throws {
        let texts = (1...10).map { "sentence \($0)" }
        // The second sentence is not spoken before the gate opens.
        let control = FakeSynthesizer.Control(gated: ["sentence 2"])
        let engine = engine(control)
        var file = try SpeechFile(format, sampleRate: engine.sampleRate, speed: 1)
        let stream = try await engine.submit(Utterance(texts))
        var bytes = 0
        var isOpen = false
        while let event = await stream.next() {
            switch event {
            case .sound(let samples): bytes += try file.add(samples).count
            case .pieceEnd(let pause): bytes += try file.endPiece(pause: pause).count
            case .finished, .failed: break
            }
            if bytes > 0, !isOpen {
                #expect(control.spoken.count <= 2, "the second may have begun, and waits")
                isOpen = true
                control.open()
            }
        }
        #expect(isOpen, "no byte came while the second sentence waited")
        #expect(control.spoken == texts)
        await engine.stop()
    }
    #endif
}

extension SpeechEngine<FakeSynthesizer> {
    /// Takes several utterances before any of them is spoken.
    fileprivate func submitAll(_ utterances: [Utterance<String>]) throws -> [SpeechStream] {
        try utterances.map(submit)
    }
}
