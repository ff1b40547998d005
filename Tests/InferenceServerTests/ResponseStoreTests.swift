import RuntimeSupport
import Scheduling
import Testing
import WireFormat

@testable import InferenceServer

@Suite("Stored responses")
struct ResponseStoreTests {
    private let first = Owner(rawValue: 0)
    private let second = Owner(rawValue: 1)

    private func object(_ id: String, _ status: ResponseObject.Status = .completed) -> ResponseObject {
        ResponseObject(id: id, created: 0, model: "m", echo: JSONObject(), status: status)
    }

    private func stored(_ id: String, owner: Owner? = nil, text: String = "") -> StoredResponse {
        StoredResponse(
            owner: owner ?? first,
            earlier: [],
            input: [ResponseItem(.message(.user, [.text(text)]), id: "msg_of_" + id)],
            run: ResponseRun(finished: object(id))
        )
    }

    @Test("the oldest make room")
    func count() {
        let store = ResponseStore(ResponseStore.Limits(count: 2, bytes: 1 << 20))
        for id in ["a", "b", "c"] { store.insert(stored(id)) }
        #expect(store.find("a", owner: first) == nil)
        #expect(store.find("b", owner: first) != nil && store.find("c", owner: first) != nil)
    }

    @Test("as many stay as there is room for, and none that is larger than all of it")
    func bytes() {
        let store = ResponseStore(ResponseStore.Limits(count: 100, bytes: 100_000))
        let text = String(repeating: "x", count: 40_000)
        for id in ["a", "b", "c"] { store.insert(stored(id, text: text)) }
        #expect(["a", "b", "c"].map { store.find($0, owner: first) != nil } == [false, true, true])
        store.insert(stored("huge", text: text + text + text))
        #expect(store.find("huge", owner: first) == nil)
    }

    @Test("a response and its items are their owner's alone")
    func owners() {
        let store = ResponseStore(ResponseStore.Limits(count: 10, bytes: 1 << 20))
        store.insert(stored("a"))
        #expect(store.find("a", owner: second) == nil)
        #expect(store.item("msg_of_a", owner: second) == nil)
        #expect(store.item("msg_of_a", owner: first)?.id == "msg_of_a")
        #expect(!store.remove("a", owner: second))
        #expect(store.remove("a", owner: first))
        #expect(store.find("a", owner: first) == nil)
        #expect(!store.remove("a", owner: first))
    }

    @Test("what is being made stays until it is over, and is measured then")
    func running() async throws {
        let store = ResponseStore(ResponseStore.Limits(count: 10, bytes: 50_000))
        let (gate, open) = AsyncStream<Void>.makeStream()
        let run = ResponseRun(ResponseWriter(object("a", .queued))) { run in
            for await _ in gate {}
            run.advance { $0.start() }
            run.advance { $0.append(.content(String(repeating: "x", count: 60_000), logprobs: [])) }
            run.advance { $0.append(.end(.stop)) }
            run.advance { $0.finish(Usage(promptTokens: 1, completionTokens: 1), at: 1) }
        }
        store.insert(StoredResponse(owner: first, earlier: [], input: [], run: run))
        store.insert(stored("b", text: String(repeating: "y", count: 48_000)))
        #expect(store.find("a", owner: first) != nil)
        open.finish()
        try await run.follow { _ in }
        #expect(run.response.status == .completed)
        store.settle("a")
        #expect(store.find("a", owner: first) == nil)
    }
}

@Suite("Responses in the background")
struct ResponseRunTests {
    private func writer() -> ResponseWriter {
        ResponseWriter(ResponseObject(id: "a", created: 0, model: "m", echo: JSONObject(), status: .queued))
    }

    @Test("everybody who follows gets every event from where they asked on")
    func following() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let run = ResponseRun(writer()) { run in
            var gates = gate.makeAsyncIterator()
            _ = await gates.next()
            run.advance { $0.start() }
            _ = await gates.next()
            run.advance { $0.append(.end(.stop)) }
            run.advance { $0.finish(Usage(promptTokens: 1, completionTokens: 1), at: 1) }
        }
        #expect(run.response.status == .queued)
        let followers = [0, 1, 3, 100].map { start in
            Task {
                var types: [String] = []
                try await run.follow(from: start) { event in
                    types.append(event.type)
                    open.yield()
                }
                return types
            }
        }
        let all = try await followers[0].value
        #expect(all.prefix(3) == ["response.created", "response.queued", "response.in_progress"])
        #expect(all.last == "response.completed")
        #expect(try await followers[1].value == Array(all.dropFirst()))
        #expect(try await followers[2].value == Array(all.dropFirst(3)))
        #expect(try await followers[3].value == [])
        open.finish()
    }

    @Test("a cancelled response ends its work and its followers, and changes no more")
    func cancelling() async throws {
        let (ended, end) = AsyncStream<Void>.makeStream()
        let run = ResponseRun(writer()) { _ in
            let (never, _keep) = AsyncStream<Void>.makeStream()
            for await _ in never {}
            _ = _keep
            end.finish()
        }
        let follower = Task { try await run.follow { _ in } }
        run.cancel()
        try await follower.value
        for await _ in ended {}
        #expect(run.response.status == .cancelled)
        run.advance { $0.start() }
        run.cancel()
        #expect(run.response.status == .cancelled)
    }

    @Test("a follower that is cancelled leaves the response alone")
    func leaving() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let run = ResponseRun(writer()) { run in
            for await _ in gate {}
            run.advance { $0.start() }
            run.advance { $0.append(.end(.stop)) }
            run.advance { $0.finish(Usage(promptTokens: 1, completionTokens: 1), at: 1) }
        }
        let follower = Task { try await run.follow { _ in } }
        follower.cancel()
        await #expect(throws: CancellationError.self) { try await follower.value }
        open.finish()
        try await run.follow { _ in }
        #expect(run.response.status == .completed)
    }
}
