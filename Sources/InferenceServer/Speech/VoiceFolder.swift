import Foundation
import RuntimeSupport
import WireFormat

/// A record as its file has it.
private struct StoredRecord: Codable {
    let owner: String
    let record: VoiceStore.Record

    var bytes: [UInt8] { get throws { Array(try JSONEncoder().encode(self)) } }
}

/// The folder of custom voices: this user's alone, held by one process at a time.
///
/// A record is the folder `ID`, with `record.json` and `recording`. It is made as `.new-ID` and renamed; it is removed by renaming it
/// to `.old-ID` first.
final class VoiceFolder: Sendable {
    /// Random bytes that are this folder's own.
    let salt: [UInt8]
    private let path: String
    private let lock: FileLock

    /// Makes the folder where it is missing, takes it, and removes what a process that was killed has left.
    ///
    /// - Throws: 503 where another server has it; 507 where it can't be made.
    init(_ path: String) throws(APIError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw .notKept("the folder of voices can't be made", error)
        }
        let descriptor = FileLock.openFile("\(path)/lock")
        guard descriptor >= 0 else {
            throw .notKept("the folder of voices can't be used", POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO))
        }
        guard let lock = FileLock(descriptor) else {
            throw APIError(
                status: 503,
                message: "Another server uses this one's folder of voices; --voices gives it another.",
                kind: .server,
                code: "voices_in_use"
            )
        }
        self.lock = lock
        for name in Self.names(path) where name.hasPrefix(".new-") || name.hasPrefix(".old-") {
            try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
        }
        salt = try Self.salt(path)
    }

    /// 24 random hexadecimal digits.
    static func randomName() -> String { (0..<24).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined() }

    /// The records of a kind and an owner, in no order; damaged ones are passed over.
    func records(_ kind: VoiceStore.Kind, _ tag: String) throws(APIError) -> [VoiceStore.Record] {
        var found: [VoiceStore.Record] = []
        for name in Self.names(path) where !name.hasPrefix(".") {
            if let record = try record(name, kind, tag) { found.append(record) }
        }
        return found
    }

    /// The record of an id, where it is of that kind and owner.
    func record(_ id: String, _ kind: VoiceStore.Kind, _ tag: String) throws(APIError) -> VoiceStore.Record? {
        // An id is part of a path: nothing but what this class made.
        guard id.utf8.count < 64, id.utf8.allSatisfy({ $0 == 95 || (48...57).contains($0) || (97...122).contains($0) }),
            let data = FileManager.default.contents(atPath: "\(path)/\(id)/record.json"),
            let stored = try? JSONDecoder().decode(StoredRecord.self, from: data), stored.owner == tag,
            stored.record.kind == kind, stored.record.id == id
        else { return nil }
        return stored.record
    }

    /// The recording of a record that is there; nil where it was removed behind the server's back.
    func recording(_ id: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "\(path)/\(id)/recording").map { [UInt8]($0) }
    }

    func add(_ record: VoiceStore.Record, _ tag: String, _ file: [UInt8]) throws(APIError) {
        let temporary = "\(path)/.new-\(record.id)"
        do {
            try FileManager.default.createDirectory(
                atPath: temporary,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700]
            )
            try Self.write(file, to: "\(temporary)/recording")
            try Self.write(StoredRecord(owner: tag, record: record).bytes, to: "\(temporary)/record.json")
            try Self.synchronize(temporary)
            try Self.move(temporary, to: "\(path)/\(record.id)", in: path)
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw .notKept("it could not be written", error)
        }
    }

    func update(_ record: VoiceStore.Record, _ tag: String) throws(APIError) {
        let target = "\(path)/\(record.id)"
        do {
            try Self.write(StoredRecord(owner: tag, record: record).bytes, to: "\(target)/record.json.new")
            try Self.move("\(target)/record.json.new", to: "\(target)/record.json", in: target)
        } catch {
            try? FileManager.default.removeItem(atPath: "\(target)/record.json.new")
            throw .notKept("it could not be written", error)
        }
    }

    func remove(_ id: String) throws(APIError) {
        let old = "\(path)/.old-\(id)"
        do {
            try Self.move("\(path)/\(id)", to: old, in: path)
            try FileManager.default.removeItem(atPath: old)
        } catch {
            throw .notKept("it could not be removed", error)
        }
    }

    private static func names(_ path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    }

    private static func salt(_ path: String) throws(APIError) -> [UInt8] {
        let file = "\(path)/salt"
        if let data = FileManager.default.contents(atPath: file), data.count == 32 { return Array(data) }
        let salt = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        do {
            try write(salt, to: file + ".new")
            try move(file + ".new", to: file, in: path)
        } catch {
            throw .notKept("its salt could not be written", error)
        }
        return salt
    }

    // MARK: Files that are there whole or not at all

    private static func write(_ bytes: [UInt8], to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: path)
        else { throw failure() }
        defer { try? file.close() }
        try file.write(contentsOf: bytes)
        try file.synchronize()
    }

    private static func move(_ path: String, to target: String, in folder: String) throws {
        guard rename(path, target) == 0 else { throw failure() }
        try synchronize(folder)
    }

    /// Returns once a folder's names are on the disk.
    private static func synchronize(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        if fsync(descriptor) != 0 { throw failure() }
    }

    private static func failure() -> POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}

extension APIError {
    /// 507: something could not be kept; the log has the path.
    fileprivate static func notKept(_ what: String, _ error: any Error) -> APIError {
        Log("voices").error("\(what): \(error)")
        return APIError(
            status: 507,
            message: "This server could not keep that: \(what). Its log says why.",
            kind: .server,
            code: "storage_failed"
        )
    }
}
