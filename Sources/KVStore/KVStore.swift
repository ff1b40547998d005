internal import Foundation
internal import RuntimeSupport

/// States of sequences as files: what outlives the process.
///
/// Safe to use from any thread. Reading and writing block; one file is written at a time, and reads do not wait for that.
/// The prefixes themselves are in memory, so that looking for one costs no access to the disk.
package final class KVStore: Sendable {
    /// A stored state that a prompt could go on from.
    package struct Match: Sendable {
        package let prefix: StoredPrefix
        /// How many of its tokens are of use.
        package let count: Int
        let name: String
    }

    private struct Entry {
        let name: String
        let header: EntryHeader
        /// Of the header: that the file is still the one that was looked at.
        let checksum: UInt64
    }

    private struct Content {
        /// The least recently used first.
        var entries: [Entry] = []
        /// Whether the last write failed, which is said once.
        var isFailing = false

        var bytes: UInt64 { entries.reduce(0) { $0 + UInt64($1.header.fileSize) } }
    }

    /// What its files take together, at most, in bytes.
    package let sizeLimit: UInt64
    private let folder: StoreFolder
    private let content = Guarded(Content())
    private let writer = Guarded(())
    private let log = Log("kv-store")

    /// Takes the folder, makes it where it is missing, and reads the headers in it.
    ///
    /// A file that is damaged is removed, one that this program has not made is left; each with a line in the log.
    ///
    /// - Throws: `KVStoreError`: `inUse`, `unusable`, or `failed`.
    package init(_ path: String, sizeLimit: UInt64) throws(KVStoreError) {
        folder = try StoreFolder(path)
        self.sizeLimit = sizeLimit
        var found: [(entry: Entry, used: (Int, Int))] = []
        for name in folder.entryNames {
            do throws(KVStoreError) {
                found.append(try Self.look(at: folder.path(of: name), name))
            } catch {
                ignore(name, error)
            }
        }
        found.sort { $0.used < $1.used }
        let entries = found.map(\.entry)
        content.withLock { $0.entries = entries }
        if folder.hasNewSalt, !entries.isEmpty {
            log.warning("\(path)/salt was missing or damaged: what is stored can't be told to be anybody's any more")
        }
        makeRoom(for: 0)
        let bytes = content.withLock { $0.bytes }
        log.info("\(path): \(entries.count) states, \(bytes >> 20) of \(sizeLimit >> 20) MiB")
    }

    /// What a key's entries are marked with, here and nowhere else.
    ///
    /// - Parameter key: Nil for everybody, where the server has no keys.
    /// - Returns: A digest of the folder's salt and the key: with both, a key can be found by guessing alone.
    package func owner(ofKey key: String?) -> Digest {
        Digest(of: folder.salt + (key.map { [1] + Array($0.utf8) } ?? [0]))
    }

    /// How many states there are that a model can use.
    package func count(_ fingerprint: Digest) -> Int {
        content.withLock { $0.entries.count { $0.header.prefix.fingerprint == fingerprint } }
    }

    /// The state that is of most use to somebody.
    ///
    /// - Parameters:
    ///   - fingerprint: Of the model that would use it.
    ///   - owner: Whose it has to be.
    ///   - mostBytes: The largest state that can be used.
    ///   - use: How many tokens of a prefix are of use.
    /// - Returns: Nil where none is.
    package func best(
        _ fingerprint: Digest,
        owner: Digest,
        mostBytes: Int,
        use: (StoredPrefix) -> Int
    ) -> Match? {
        // Taken out of the lock: the comparison may be long. Of two, the one that was used last.
        let entries = content.withLock { content in
            content.entries.filter {
                $0.header.prefix.fingerprint == fingerprint && $0.header.prefix.owner == owner
                    && $0.header.stateSize <= mostBytes
            }
        }
        var best: Match?
        for entry in entries.reversed() {
            let count = use(entry.header.prefix)
            guard count > best?.count ?? 0 else { continue }
            best = Match(prefix: entry.header.prefix, count: count, name: entry.name)
        }
        return best
    }

    /// The name of one of which a condition holds.
    package func name(where condition: (StoredPrefix) -> Bool) -> String? {
        content.withLock { $0.entries }.first { condition($0.header.prefix) }?.name
    }

    /// Reads a state and checks it, all of it.
    ///
    /// - Returns: Nil where it is gone, or damaged: then it is removed, and the log says why.
    package func read(_ match: Match) -> [UInt8]? {
        guard let entry = use(match.name) else { return nil }
        do throws(KVStoreError) {
            let file = try OpenFile(folder.path(of: entry.name), O_RDONLY)
            let header = try Self.check(file)
            guard EntryHeader.checksum(of: header.bytes) == entry.checksum else {
                throw KVStoreError(.damaged, "its header has changed")
            }
            let state = try file.read(entry.header.stateSize)
            let checksum = try file.read(EntryHeader.checksumSize)
            guard state.count == entry.header.stateSize, checksum.count == EntryHeader.checksumSize,
                contentChecksum(state, seed: entry.checksum) == checksum.number(at: 0)
            else { throw KVStoreError(.damaged, "its content does not have its checksum") }
            file.touch()
            return state
        } catch {
            // Whoever removed it has said so, if anybody has to.
            if drop(entry.name) { ignore(entry.name, error) }
            return nil
        }
    }

    /// Keeps a state; the least recently used ones make room for it.
    ///
    /// - Parameters:
    ///   - prefix: What it is found by.
    ///   - state: Its bytes.
    ///   - spared: The names of those that are used more recently, and do not make room for it.
    ///   - replaces: What is of no use beside it, and removed once it is there.
    /// - Returns: Its name; nil where there is no room for it, or it can't be written, which the log says once until it
    ///   works again.
    @discardableResult
    package func write(
        _ prefix: StoredPrefix,
        _ state: [UInt8],
        sparing spared: Set<String> = [],
        replaces: (StoredPrefix) -> Bool = { _ in false }
    ) -> String? {
        let header = EntryHeader(prefix, stateSize: state.count)
        guard !prefix.tokens.isEmpty, !state.isEmpty else { return nil }
        return writer.withLock { _ in
            let bytes = header.bytes
            let checksum = EntryHeader.checksum(of: bytes)
            let digits = String(checksum, radix: 16)
            let name = String(repeating: "0", count: 16 - digits.count) + digits + ".kv"
            let entry = Entry(name: name, header: header, checksum: checksum)
            let replaced = content.withLock { content in
                content.entries.filter { $0.name != entry.name && replaces($0.header.prefix) }.map(\.name)
            }
            drop(entry.name)
            guard makeRoom(for: UInt64(header.fileSize), first: replaced, sparing: spared) else { return nil }
            do throws(KVStoreError) {
                var end: [UInt8] = []
                end.append(number: contentChecksum(state, seed: checksum))
                try folder.write(entry.name, [bytes, state, end])
            } catch {
                folder.remove(entry.name)
                let isNew = content.withLock { content in
                    defer { content.isFailing = true }
                    return !content.isFailing
                }
                if isNew { log.warning("nothing is stored until this works again: \(error.description)") }
                return nil
            }
            content.withLock { content in
                content.isFailing = false
                let place = content.entries.firstIndex { spared.contains($0.name) }
                content.entries.insert(entry, at: place ?? content.entries.count)
            }
            for name in replaced where drop(name) { folder.remove(name) }
            return entry.name
        }
    }

    /// Takes an entry out of the index; false where it is not in it.
    @discardableResult
    private func drop(_ name: String) -> Bool {
        content.withLock { content in
            guard let index = content.entries.firstIndex(where: { $0.name == name }) else { return false }
            content.entries.remove(at: index)
            return true
        }
    }

    /// The entry, which is the most recently used one now.
    private func use(_ name: String) -> Entry? {
        content.withLock { content in
            guard let index = content.entries.firstIndex(where: { $0.name == name }) else { return nil }
            let entry = content.entries.remove(at: index)
            content.entries.append(entry)
            return entry
        }
    }

    /// Removes the least recently used until so many bytes fit, those to be replaced before others.
    ///
    /// - Returns: False where they can't fit; nothing is removed then.
    @discardableResult
    private func makeRoom(for bytes: UInt64, first replaced: [String] = [], sparing spared: Set<String> = []) -> Bool {
        let victims = content.withLock { content -> [String]? in
            var used = content.bytes
            var victims: [String] = []
            let replaceable = content.entries.filter { replaced.contains($0.name) }
            let others = content.entries.filter { !replaced.contains($0.name) && !spared.contains($0.name) }
            for entry in replaceable + others where used + bytes > sizeLimit {
                used -= UInt64(entry.header.fileSize)
                victims.append(entry.name)
            }
            guard used + bytes <= sizeLimit else { return nil }
            content.entries.removeAll { victims.contains($0.name) }
            return victims
        }
        for name in victims ?? [] { folder.remove(name) }
        return victims != nil
    }

    private func ignore(_ name: String, _ error: KVStoreError) {
        switch error.code {
        case .damaged:
            folder.remove(name)
            log.warning("\(name) is ignored and removed: \(error.description)")
        case .failed(errno: ENOENT): break
        default: log.warning("\(name) is ignored: \(error.description)")
        }
    }

    /// Reads the beginning of a file.
    private static func check(_ file: borrowing OpenFile) throws(KVStoreError) -> (
        header: EntryHeader, bytes: [UInt8], used: (Int, Int)
    ) {
        let status = try file.status
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
            throw KVStoreError(.foreign, "it is not a file of this user's")
        }
        let (header, bytes) = try EntryHeader.read(file, fileSize: Int(status.st_size))
        return (header, bytes, (Int(status.modified.tv_sec), Int(status.modified.tv_nsec)))
    }

    private static func look(at path: String, _ name: String) throws(KVStoreError) -> (
        entry: Entry, used: (Int, Int)
    ) {
        // A pipe must not make it wait.
        let (header, bytes, used) = try check(try OpenFile(path, O_RDONLY | O_NONBLOCK))
        return (Entry(name: name, header: header, checksum: EntryHeader.checksum(of: bytes)), used)
    }
}
