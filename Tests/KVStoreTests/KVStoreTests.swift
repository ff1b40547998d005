import Foundation
import KVStore
import TestSupport
import Testing

@Suite("The store of states")
struct KVStoreTests {
    private let folder = TemporaryFolder()
    private let elsewhere = TemporaryFolder()
    private let fingerprint = Digest(of: "a model")

    private func open(_ sizeLimit: UInt64 = 1 << 20) throws -> KVStore {
        try KVStore(folder.path, sizeLimit: sizeLimit)
    }

    private func prefix(_ tokens: [Int32], key: String? = nil, in store: KVStore, fixed: Int = 0) -> StoredPrefix {
        StoredPrefix(fingerprint: fingerprint, owner: store.owner(ofKey: key), tokens: tokens, fixedCount: fixed)
    }

    private func find(_ store: KVStore, key: String? = nil, _ prompt: [Int32]) -> KVStore.Match? {
        store.best(fingerprint, owner: store.owner(ofKey: key), mostBytes: .max) { stored in
            zip(stored.tokens, prompt).prefix { $0 == $1 }.count
        }
    }

    private static let state = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }

    @Test("what was written is found and read by the next process, and is nobody else's")
    func roundTrip() throws {
        var store = try open()
        let written = prefix([1, -2, .max, 4], key: "mine", in: store, fixed: 3)
        #expect(store.write(written, Self.state) != nil)
        #expect(store.write(prefix([9], key: "mine", in: store), [1]) != nil)
        let name = try #require(folder.entries.first)
        store = try reopen(&store)
        let match = try #require(find(store, key: "mine", [1, -2, .max, 5]))
        #expect(match.count == 3)
        #expect(match.prefix == written)
        #expect(store.read(match) == Self.state)
        #expect(find(store, key: "another's", [1, -2]) == nil)
        #expect(find(store, key: nil, [1, -2]) == nil)
        let other = Digest(of: "another model")
        #expect(store.best(other, owner: store.owner(ofKey: "mine"), mostBytes: .max) { _ in 1 } == nil)
        #expect(store.best(fingerprint, owner: store.owner(ofKey: "mine"), mostBytes: 0) { _ in 1 } == nil)
        #expect(store.count(fingerprint) == 2 && store.count(other) == 0)
        #expect(name.count == 19)
        #expect(folder.names == (folder.entries + ["lock", "salt"]).sorted())
    }

    /// Closes a store and opens it again.
    private func reopen(_ store: inout KVStore, sizeLimit: UInt64 = 1 << 20) throws -> KVStore {
        // Somewhere else meanwhile: a folder is held by one at a time.
        store = try KVStore(elsewhere.path, sizeLimit: 1)
        return try open(sizeLimit)
    }

    @Test("nobody else can read the files, and no key is in them")
    func secrecy() throws {
        let store = try open()
        #expect(store.write(prefix([1], key: "sesame", in: store), Self.state) != nil)
        #expect(try folder.mode("") == 0o700)
        for name in folder.names {
            #expect(try folder.mode(name) == 0o600, "\(name)")
            #expect(try !folder.read(name).contains(Array("sesame".utf8)))
        }
    }

    @Test("a folder that others may look into is refused, with what to do", arguments: [0o755, 0o750, 0o701])
    func openFolder(mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path)
        let error = #expect(throws: KVStoreError.self) { try open() }
        #expect(error?.code == .unusable)
        #expect(error?.description.contains("chmod 700") == true)
    }

    @Test("a folder that can't be made is an error")
    func noFolder() throws {
        try folder.write("file", [1])
        let error = #expect(throws: KVStoreError.self) { try KVStore("\(folder.path)/file/store", sizeLimit: 1) }
        #expect(error?.code == .unusable)
    }

    @Test("one process at a time has a folder")
    func lock() throws {
        var store = try open()
        let error = #expect(throws: KVStoreError.self) { try open() }
        #expect(error?.code == .inUse)
        store = try reopen(&store)
        #expect(store.count(fingerprint) == 0)
    }

    @Test("a file with any one byte changed is not used")
    func everyByte() throws {
        var store = try open()
        #expect(store.write(prefix([1, 2, 3], in: store), Array(Self.state.prefix(40))) != nil)
        let name = try #require(folder.entries.first)
        let whole = try folder.read(name)
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 0x20
            try folder.write(name, damaged)
            store = try reopen(&store)
            let match = find(store, [1, 2, 3])
            #expect(match.flatMap(store.read) == nil, "byte \(index)")
            // What begins like another program's file is left alone.
            #expect(folder.entries.isEmpty == (index >= 8), "byte \(index)")
        }
        try folder.write(name, whole)
        store = try reopen(&store)
        #expect(try store.read(#require(find(store, [1, 2, 3]))) == Array(Self.state.prefix(40)))
    }

    @Test("a file that is cut short or has grown is not used, whatever its length")
    func everyLength() throws {
        var store = try open()
        #expect(store.write(prefix([1, 2], in: store), [1, 2, 3, 4]) != nil)
        let name = try #require(folder.entries.first)
        let whole = try folder.read(name)
        for count in whole.indices {
            try folder.write(name, Array(whole[..<count]))
            store = try reopen(&store)
            #expect(find(store, [1, 2]) == nil, "\(count) bytes")
        }
        try folder.write(name, whole + [0])
        store = try reopen(&store)
        #expect(find(store, [1, 2]) == nil)
    }

    @Test("a file that is changed, or goes, while the server runs is not used, and once told")
    func changedMeanwhile() throws {
        let store = try open()
        for tokens: [Int32] in [[1], [2], [3]] { #expect(store.write(prefix(tokens, in: store), Self.state) != nil) }
        let first = try #require(find(store, [1])), second = try #require(find(store, [2]))
        let names = try (1...3).map { try #require(name(of: [$0], store)) }
        var damaged = try folder.read(names[0])
        damaged[damaged.count - 100] ^= 1
        try folder.write(names[0], damaged)
        #expect(store.read(first) == nil)
        #expect(!folder.names.contains(names[0]))
        // Another whole file in its place: it is not what was looked for.
        try folder.write(names[1], try folder.read(names[2]))
        #expect(store.read(second) == nil)
        try folder.remove(names[2])
        let third = try #require(find(store, [3]))
        #expect(store.read(third) == nil)
        #expect(store.read(third) == nil)
        #expect(find(store, [3]) == nil)
    }

    private func name(of tokens: [Int32], _ store: KVStore) -> String? { store.name { $0.tokens == tokens } }

    @Test("what this program has not made is left as it is")
    func foreign() throws {
        try folder.write("holiday.kv", Array("not a state".utf8))
        try folder.write("empty.kv", [])
        try folder.write("notes.txt", [1])
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/link.kv", withDestinationPath: "/etc/passwd")
        try FileManager.default.createDirectory(atPath: "\(folder.path)/sub.kv", withIntermediateDirectories: false)
        let before = folder.names
        let store = try open(1)
        #expect(store.count(fingerprint) == 0)
        #expect(Set(before).isSubset(of: folder.names))
    }

    @Test("what a killed process has left half written is removed")
    func leftovers() throws {
        try folder.write("0123456789abcdef.kv.new", [1, 2, 3])
        _ = try open()
        #expect(folder.names == ["lock", "salt"])
    }

    @Test("without its salt nobody's states are used")
    func lostSalt() throws {
        var store = try open()
        #expect(store.write(prefix([1], key: "mine", in: store), Self.state) != nil)
        try folder.write("salt", [1, 2, 3])
        store = try reopen(&store)
        #expect(find(store, key: "mine", [1]) == nil)
        #expect(store.write(prefix([1], key: "mine", in: store), Self.state) != nil)
        #expect(find(store, key: "mine", [1]) != nil)
    }

    @Test("the least recently used make room, across restarts too; what is too large is not kept")
    func sizeLimit() throws {
        let limit: UInt64 = 4000  // three of a thousand bytes and their headers
        var store = try open(limit)
        for token: Int32 in 1...3 { #expect(store.write(prefix([token], in: store), Self.state) != nil) }
        #expect(try store.read(#require(find(store, [1]))) != nil)
        store = try reopen(&store, sizeLimit: limit)
        #expect(store.write(prefix([4], in: store), Self.state) != nil)
        #expect((1...4).map { find(store, [$0]) != nil } == [true, false, true, true])
        #expect(folder.bytes <= limit)
        #expect(store.write(prefix([5], in: store), Array(repeating: 1, count: 4000)) == nil)
        #expect(folder.entries.count == 3)
        store = try reopen(&store, sizeLimit: 1300)
        #expect((1...4).map { find(store, [$0]) != nil } == [false, false, false, true])
        #expect(folder.entries.count == 1)
    }

    @Test("what is used more recently does not make room, and what is replaced goes first")
    func order() throws {
        let store = try open(3500)
        let first = try #require(store.write(prefix([1], in: store), Self.state))
        let second = try #require(store.write(prefix([2], in: store), Self.state))
        #expect(store.write(prefix([3], in: store), Self.state, sparing: [first, second]) != nil)
        #expect(store.write(prefix([4], in: store), Self.state, sparing: [first, second]) != nil)
        #expect((1...4).map { find(store, [$0]) != nil } == [true, true, false, true])
        #expect(store.write(prefix([2, 5], in: store), Self.state) { $0.tokens == [2] } != nil)
        #expect(store.name { $0.tokens == [2] } == nil)
        #expect((1...4).map { find(store, [$0]) != nil } == [true, true, false, true])
        #expect(folder.entries.count == 3)
    }

    @Test("a disk that takes no more costs the new state alone")
    func failingDisk() throws {
        let store = try open()
        #expect(store.write(prefix([1], in: store), Self.state) != nil)
        // Where the file would be made, there is a folder with something in it.
        let blocked = prefix([2], in: store)
        let name = try #require(store.write(blocked, Self.state))
        try folder.remove(name)
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/\(name)/x",
            withIntermediateDirectories: true
        )
        #expect(store.write(blocked, Self.state) == nil)
        #expect(store.write(blocked, Self.state) == nil)
        #expect(find(store, [2]) == nil)
        #expect(folder.names.allSatisfy { !$0.hasSuffix(".new") })
        #expect(try store.read(#require(find(store, [1]))) == Self.state)
        try folder.remove(name)
        #expect(store.write(blocked, Self.state) != nil)
    }
}
