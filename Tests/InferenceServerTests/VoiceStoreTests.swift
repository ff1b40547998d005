import Foundation
import Scheduling
import TestSupport
import Testing
import WireFormat

@testable import InferenceServer

@Suite("Custom voices on disk")
struct VoiceStoreTests {
    private let folder = TemporaryFolder()
    private let one = Owner(rawValue: 0)
    private let two = Owner(rawValue: 1)

    private func store(keys: [String] = ["first", "second"]) -> VoiceStore {
        VoiceStore(path: folder.path + "/voices", keys: keys)
    }

    private func consent(_ store: VoiceStore, _ owner: Owner, _ name: String = "Ada", now: Int = 1) throws
        -> VoiceStore.Record
    {
        try store.create(.consent, name: name, now: now, owner: owner, file: [1, 2, 3], language: "en")
    }

    @Test("records outlive the server, under their owner's key alone, in whatever order the keys are")
    func owners() throws {
        var record: VoiceStore.Record
        var voice: VoiceStore.Record
        do {
            let store = store()
            #expect(try store.list(.consent, owner: one).isEmpty)
            #expect(folder.names.isEmpty, "nothing is made before it is needed")
            record = try consent(store, one)
            voice = try store.create(.voice, name: "V", now: 2, owner: one, file: [4], consent: record.id)
            #expect(throws: APIError.self) { try store.find(record.id, .consent, owner: two) }
            #expect(throws: APIError.self) { try store.find(record.id, .voice, owner: one) }
            #expect(try folder.mode("voices") == 0o700 && folder.mode("voices/\(voice.id)/recording") == 0o600)
            #expect(try folder.read("voices/\(voice.id)/recording") == [4])
        }
        let later = store(keys: ["second", "first"])
        #expect(try later.list(.voice, owner: two) == [voice])
        #expect(try later.list(.voice, owner: one).isEmpty)
        record = try later.rename(record.id, .consent, to: "Lovelace", owner: two)
        #expect(try later.find(record.id, .consent, owner: two).name == "Lovelace")
        #expect(throws: APIError.self) { try later.rename(record.id, .consent, to: "X", owner: one) }
    }

    @Test("a voice needs a consent of its owner's, which stays as long as the voice")
    func consents() throws {
        let store = store()
        let record = try consent(store, one)
        for (owner, id) in [(one, "cons_0"), (two, record.id), (one, "../voices")] {
            let error = #expect(throws: APIError.self) {
                try store.create(.voice, name: "V", now: 1, owner: owner, file: [], consent: id)
            }
            #expect(error?.param == "consent")
        }
        let voice = try store.create(.voice, name: "V", now: 1, owner: one, file: [4], consent: record.id)
        let error = #expect(throws: APIError.self) { try store.remove(record.id, .consent, owner: one) }
        #expect(error?.code == "consent_in_use")
        #expect(throws: APIError.self) { try store.remove(voice.id, .voice, owner: two) }
        try store.remove(voice.id, .voice, owner: one)
        try store.remove(record.id, .consent, owner: one)
        #expect(throws: APIError.self) { try store.remove(record.id, .consent, owner: one) }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/voices").sorted()
        #expect(left == ["lock", "salt"])
    }

    @Test("what a killed server has left half made or half removed goes; damaged records are passed over")
    func leftovers() throws {
        let kept: VoiceStore.Record
        do { kept = try consent(store(), one) }
        let path = folder.path + "/voices"
        for name in [".new-cons_a", ".old-cons_b", "cons_c"] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
            try folder.write("voices/\(name)/recording", [1])
        }
        try folder.write("voices/cons_c/record.json", Array("{\"owner\":".utf8))
        let store = store()
        #expect(try store.list(.consent, owner: one) == [kept])
        let left = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(!left.contains { $0.hasPrefix(".") })
    }

    @Test("a folder belongs to one server at a time")
    func inUse() throws {
        let first = store()
        _ = try consent(first, one)
        let error = #expect(throws: APIError.self) { try consent(store(), one) }
        #expect(error?.status == 503 && error?.code == "voices_in_use")
        _ = first
    }

    @Test("a folder that can't be written is told, not lost")
    func unwritable() throws {
        try folder.write("voices", [])
        let error = #expect(throws: APIError.self) { try consent(store(), one) }
        #expect(error?.status == 507 && error?.code == "storage_failed")
        #expect(error?.message.contains(folder.path) == false)
    }

    @Test("a key has a bounded number of records")
    func bound() throws {
        let store = store()
        for _ in 0..<VoiceStore.mostRecords { _ = try consent(store, one) }
        let error = #expect(throws: APIError.self) { try consent(store, one) }
        #expect(error?.code == "too_many_consents")
        _ = try consent(store, two)
    }
}
