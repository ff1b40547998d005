import RuntimeSupport
import Scheduling
import Testing
import WireFormat

@testable import InferenceServer

@Suite("What was said aloud")
struct TranscriptMemoryTests {
    private let time = Guarded(1000)
    private let mine = Owner(rawValue: 0)
    private let others = Owner(rawValue: 1)

    private func memory(_ limits: TranscriptMemory.Limits = .init()) -> TranscriptMemory {
        TranscriptMemory(limits) { [time] in time.withLock { $0 } }
    }

    @Test("it is known to the one it was said to, until it expires")
    func owners() {
        let memory = memory()
        let end = memory.insert("Hello.", id: "audio_1", owner: mine)
        #expect(end == 1000 + TranscriptMemory.lifetime)
        #expect(memory.find("audio_1", owner: others) == nil)
        #expect(memory.find("audio_2", owner: mine) == nil)
        time.withLock { $0 = end - 1 }
        #expect(memory.find("audio_1", owner: mine) == "Hello.")
        time.withLock { $0 = end }
        #expect(memory.find("audio_1", owner: mine) == nil)
    }

    @Test("the oldest make room", arguments: [TranscriptMemory.Limits(count: 3), .init(bytes: 12)])
    func bounds(limits: TranscriptMemory.Limits) {
        let memory = memory(limits)
        for number in 0..<5000 { _ = memory.insert("four", id: "\(number)", owner: mine) }
        #expect((0..<5000).filter { memory.find("\($0)", owner: mine) != nil } == [4997, 4998, 4999])
    }

    @Test("one that is too long for all of the room is not kept, and takes none")
    func tooLong() {
        let memory = memory(.init(bytes: 4))
        _ = memory.insert("longer", id: "1", owner: mine)
        _ = memory.insert("four", id: "2", owner: mine)
        #expect(memory.find("1", owner: mine) == nil && memory.find("2", owner: mine) == "four")
    }

    @Test("a turn that refers to it says it again; an unknown one is refused where it stands")
    func recall() throws {
        let memory = memory()
        _ = memory.insert("Hello.", id: "audio_1", owner: mine)
        let reference = SpokenReference(id: "audio_1", path: "messages[1].audio.id")
        let conversation = Conversation([Turn(.user, "Hi"), Turn(.assistant, [.spoken(reference)]), Turn(.user, "?")])
        #expect(try memory.recall(conversation, owner: mine).turns[1].text == "Hello.")
        let error = #expect(throws: APIError.self) { try memory.recall(conversation, owner: others) }
        #expect(error?.status == 400 && error?.param == "messages[1].audio.id" && error?.code == "audio_not_found")
    }

    @Test("so many answers are spoken at once, and one request alone always")
    func limit() throws {
        let limit = TalkLimit(3)
        var pass: TalkPass? = try limit.enter(2)
        let error = #expect(throws: APIError.self) { try limit.enter(2) }
        #expect(error?.status == 429 && error?.retryAfter != nil)
        withExtendedLifetime(try limit.enter(1)) {}
        withExtendedLifetime(pass) {}
        pass = nil
        _ = withExtendedLifetime(try limit.enter(128)) {
            #expect(throws: APIError.self) { try limit.enter(1) }
        }
        #expect(throws: Never.self) { try limit.enter(1) }
    }
}
