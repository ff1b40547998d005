internal import Foundation

/// An open file that this process has to itself, as against others that lock it too.
///
/// It is let go of in so many words when this value goes: a child process that is just being started shares every open file until
/// its program begins, and to close the file here alone would leave it locked until then (`flock(2)`).
package struct FileLock: ~Copyable {
    private let descriptor: Int32

    /// - Parameter descriptor: Of an open file; closed with the lock, or at once where another has it. A negative one is not locked.
    package init?(_ descriptor: Int32) {
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    /// Opens a file that is there to be locked, and makes it, for this user alone, where it is missing.
    ///
    /// - Parameter path: Not followed where it is a link.
    /// - Returns: Its descriptor; a negative one, and `errno`, where it can't be opened.
    package static func openFile(_ path: String) -> Int32 {
        unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }

    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
