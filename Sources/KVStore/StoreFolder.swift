internal import Foundation
internal import RuntimeSupport

/// The folder of a store: this user's alone, held by one process at a time.
struct StoreFolder: ~Copyable {
    let path: String
    /// Random bytes that are this folder's own.
    let salt: [UInt8]
    /// Whether the salt is new, so that nobody's entries can be told any more.
    let hasNewSalt: Bool
    private let lock: FileLock

    /// Makes the folder where it is missing, and takes it.
    ///
    /// - Throws: `inUse` where another process has it; `unusable` where others may read it; `failed`.
    init(_ path: String) throws(KVStoreError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw KVStoreError(.unusable, "can't make the folder \(path): \(error.localizedDescription)")
        }
        // A link to a folder is as good as the folder.
        let opened = try OpenFile(path + "/.", O_RDONLY | O_DIRECTORY)
        let status = try opened.status
        guard status.st_uid == geteuid() else {
            throw KVStoreError(.unusable, "\(path) belongs to another user")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw KVStoreError(
                .unusable,
                "\(path) is open to other users of this box (mode \(mode)): make it yours with 'chmod 700 \(path)'"
            )
        }
        let descriptor = FileLock.openFile("\(path)/lock")
        if descriptor < 0 { throw OpenFile.failure("open", "\(path)/lock") }
        guard let lock = FileLock(descriptor) else { throw KVStoreError(.inUse, "another server uses \(path)") }
        let salt = try Self.salt(path)
        self.path = path
        self.lock = lock
        (self.salt, hasNewSalt) = salt
        removeLeftovers()
    }

    func path(of name: String) -> String { "\(path)/\(name)" }

    /// The names of what may be entries.
    var entryNames: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".kv") }.sorted()
    }

    /// Removes a file of the store, if it is there.
    func remove(_ name: String) { _ = unsafe unlink(path(of: name)) }

    /// Makes a file that is there whole or not at all, also after a power failure.
    func write(_ name: String, _ parts: [[UInt8]]) throws(KVStoreError) {
        try Self.write(name, parts, in: path)
    }

    private static func write(_ name: String, _ parts: [[UInt8]], in folder: String) throws(KVStoreError) {
        let temporary = "\(folder)/\(name).new"
        _ = unsafe unlink(temporary)
        do throws(KVStoreError) {
            let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL)
            for part in parts { try file.write(part) }
            file.touch()
            try file.synchronize()
            guard unsafe rename(temporary, "\(folder)/\(name)") == 0 else {
                throw OpenFile.failure("rename", temporary)
            }
            try OpenFile(folder + "/.", O_RDONLY | O_DIRECTORY).synchronize()
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
    }

    /// What a process that was killed has left half written.
    private func removeLeftovers() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names where name.hasSuffix(".kv.new") || name == "salt.new" { remove(name) }
    }

    private static let saltSize = 32

    private static func salt(_ folder: String) throws(KVStoreError) -> ([UInt8], isNew: Bool) {
        if let file = try? OpenFile("\(folder)/salt", O_RDONLY), let salt = try? file.read(saltSize + 1),
            salt.count == saltSize
        {
            return (salt, false)
        }
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<saltSize).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        try write("salt", [salt], in: folder)
        return (salt, true)
    }
}
