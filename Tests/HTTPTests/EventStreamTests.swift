import HTTP
import Testing

@Suite("Server-sent events", .timeLimit(.minutes(1)))
struct EventStreamTests {
    @Test("events have the form of the standard, whichever line breaks their data has")
    func form() async throws {
        var router = Router()
        router.on(.get, "/events") { _ in
            .events { events in
                try await events.send(data: "one")
                try await events.send(data: "a\nb\r\nc\rd\n")
                try await events.send(event: "named\nid: 1", data: "{}")
                try await events.send(data: "")
                try await events.send(data: "no\u{2028}break")
                try await events.comment("hello")
            }
        }
        try await withServer(router) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("GET /events")
            let response = try await client.response()
            #expect(response["content-type"] == "text/event-stream")
            #expect(response["cache-control"] == "no-cache")
            #expect(response["x-accel-buffering"] == "no")
            let expected = [
                "data: one\n\n", "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n", "event: named\ndata: {}\n\n",
                "data: \n\n", "data: no\u{2028}break\n\n", ": hello\n\n",
            ]
            #expect(response.text == expected.joined())
        }
    }

    @Test("a silent stream is kept alive by comments, a busy one needs none")
    func keepAlive() async throws {
        let clock = ManualClock()
        let gate = Event()
        var router = Router()
        router.on(.get, "/events") { _ in
            .events(keepAlive: .seconds(10), clock: clock) { events in
                try await events.send(data: "start")
                await gate.wait()
                try await events.send(data: "end")
            }
        }
        try await withServer(router) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("GET /events")
            _ = try await client.read(through: "data: start\n\n")
            for _ in 0..<3 {
                await clock.waitForSleeper()
                clock.advance(by: .seconds(9))
                await clock.waitForSleeper()
                clock.advance(by: .seconds(1))
                let text = try await client.read(through: ": keep-alive\n\n")
                #expect(text.count { $0 == ":" } == 1)
            }
            gate.happen()
            #expect(try await client.read(through: "0\r\n\r\n").contains("data: end\n\n"))
        }
    }

    @Test("a client that leaves a silent stream cancels its producer")
    func leaves() async throws {
        let cancelled = Event()
        var router = Router()
        router.on(.get, "/events") { _ in
            .events(keepAlive: .seconds(3600)) { events in
                try await events.send(data: "start")
                do {
                    try await Task.sleep(for: .seconds(3600))
                } catch {
                    cancelled.happen()
                    throw error
                }
            }
        }
        try await withServer(router) { port in
            var client: RawHTTPClient? = try RawHTTPClient(port: port)
            await client?.request("GET /events")
            _ = try await client?.read(through: "start\n\n")
            client = nil
            await cancelled.wait()
        }
    }

    @Test("a producer that fails cuts the stream")
    func failure() async throws {
        var router = Router()
        router.on(.get, "/events") { _ in
            .events { events in
                try await events.send(data: "start")
                throw RawHTTPClient.Failure(description: "on purpose")
            }
        }
        try await withServer(router) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("GET /events")
            let answer = String(decoding: await client.readToEnd(), as: UTF8.self)
            #expect(answer.contains("data: start\n\n"))
            #expect(!answer.contains("\r\n0\r\n"))
        }
    }
}
