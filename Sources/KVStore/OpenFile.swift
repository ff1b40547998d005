internal import Foundation

/// An open file, closed when it goes.
struct OpenFile: ~Copyable {
    private let descriptor: Int32
    private let path: String

    /// - Parameters:
    ///   - path: Not followed where it is a link.
    ///   - flags: As of `open(2)`.
    /// - Throws: `KVStoreError.Code.failed`.
    init(_ path: String, _ flags: Int32) throws(KVStoreError) {
        descriptor = unsafe open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        self.path = path
        if descriptor < 0 { throw Self.failure("open", path) }
    }

    deinit { close(descriptor) }

    var status: stat {
        get throws(KVStoreError) {
            var status = stat()
            guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure("look at", path) }
            return status
        }
    }

    /// The next bytes; fewer only at the end of the file.
    func read(_ count: Int) throws(KVStoreError) -> [UInt8] {
        var isFailed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...]
                )
                let part = unsafe Foundation.read(descriptor, rest.baseAddress, count - filled)
                if part < 0, errno == EINTR { continue }
                guard part > 0 else {
                    isFailed = part < 0
                    break
                }
                filled += part
            }
        }
        if isFailed { throw Self.failure("read", path) }
        return bytes
    }

    func write(_ bytes: [UInt8]) throws(KVStoreError) {
        let isDone = unsafe bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
                let part = unsafe Foundation.write(descriptor, rest.baseAddress, rest.count)
                if part < 0, errno == EINTR { continue }
                guard part > 0 else { return false }
                done += part
            }
            return true
        }
        if !isDone { throw Self.failure("write", path) }
    }

    /// Returns once it is on the disk.
    func synchronize() throws(KVStoreError) {
        if fsync(descriptor) != 0 { throw Self.failure("write", path) }
    }

    /// Sets the time of its last change to now, which is when it was last used.
    ///
    /// To the nanosecond: the time that systems give files by themselves only moves every few milliseconds, and so does not
    /// tell which of two was used later.
    func touch() {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        _ = unsafe futimens(descriptor, [now, now])
    }

    static func failure(_ what: String, _ path: String) -> KVStoreError {
        let number = errno
        let reason = unsafe String(cString: strerror(number))
        return KVStoreError(.failed(errno: number), "can't \(what) \(path): \(reason)")
    }
}

extension stat {
    /// When the content was last changed, or said to be.
    var modified: timespec {
        #if canImport(Darwin)
        st_mtimespec
        #else
        st_mtim
        #endif
    }
}
