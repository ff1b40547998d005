import Foundation
import RuntimeSupport
import TestSupport
import Testing

@Suite("Locks on files")
struct FileLockTests {
    private let folder = TemporaryFolder()

    private func openFile() -> Int32 { FileLock.openFile("\(folder.path)/lock") }

    private func canLock() -> Bool {
        if FileLock(openFile()) != nil { true } else { false }
    }

    @Test("one at a time has a file")
    func exclusive() {
        let lock = FileLock(openFile())
        #expect(!canLock())
        _ = consume lock
        #expect(canLock())
    }

    @Test("what shares the open file, as a process just being started does, does not keep it locked")
    func shared() {
        let descriptor = openFile(), child = dup(descriptor)
        defer { close(child) }
        let lock = FileLock(descriptor)
        #expect(!canLock())
        _ = consume lock
        #expect(canLock())
    }

    @Test("a file that can't be opened can't be locked")
    func noFile() {
        let isLocked = if FileLock(FileLock.openFile("\(folder.path)/missing/lock")) != nil { true } else { false }
        #expect(!isLocked)
    }
}
