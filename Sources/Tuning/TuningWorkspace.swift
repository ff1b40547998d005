import Foundation
import RuntimeSupport

/// The folder in which a tuning works, locked against a second one, and gone when it ends.
///
/// After a kill the folder stays; it holds nothing that is taken for a model, and the next tuning clears it. Its methods
/// may be called on any thread: an interrupt removes it while the tuning computes on another.
package final class TuningWorkspace: Sendable {
    private enum State { case open, removed }

    package let files: TuningFiles
    /// The folder, held open with a lock on it.
    private let descriptor: Int32
    private let state = Guarded(State.open)

    /// Makes the folder and locks it.
    ///
    /// - Throws: `TuningError` where another tuning of this model runs, or the folder of the model cannot be written.
    package init(files: TuningFiles) throws(TuningError) {
        self.files = files
        descriptor = try Self.lock(files)
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: files.work) {
                try FileManager.default.removeItem(atPath: "\(files.work)/\(name)")
            }
        } catch {
            close(descriptor)
            throw TuningError("cannot clear \(files.work): \(error.localizedDescription)")
        }
    }

    deinit { remove() }

    private static func lock(_ files: TuningFiles) throws(TuningError) -> Int32 {
        while true {
            if mkdir(files.work, 0o755) != 0, errno != EEXIST {
                let reason = String(cString: strerror(errno))
                throw TuningError(
                    "cannot write in \(files.folder): \(reason); tuned weights are kept beside the model, so link or copy it to a folder that you can write in"
                )
            }
            let descriptor = open(files.work, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else {
                if errno == ENOENT { continue }
                throw TuningError("cannot open \(files.work): \(String(cString: strerror(errno)))")
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                throw TuningError("\(files.model) is being tuned already, by another process")
            }
            // Whoever held the lock before may have removed the folder between our opening and our locking it.
            var opened = stat()
            var named = stat()
            if fstat(descriptor, &opened) == 0, stat(files.work, &named) == 0, opened.st_ino == named.st_ino {
                return descriptor
            }
            close(descriptor)
        }
    }

    /// The path of a candidate's file.
    func candidate(_ name: String) -> String { "\(files.work)/\(name).gguf" }

    func discard(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    /// Puts the result beside the model: the weights first, the record, which makes them count, last.
    ///
    /// An interrupt finds either nothing done or all of it.
    ///
    /// - Parameters:
    ///   - weights: The candidate that was chosen, or nil for the file as it is.
    ///   - record: The record as JSON.
    ///   - plot: The plot as SVG, where there is one.
    /// - Throws: `TuningError`, with nothing changed or the earlier tuning undone.
    func publish(weights: String?, record: Data, plot: String?) throws(TuningError) {
        do {
            try state.withLock { state in
                guard state == .open else { return }
                try record.write(to: URL(filePath: "\(files.work)/record"))
                if let plot { try Data(plot.utf8).write(to: URL(filePath: "\(files.work)/plot")) }
                TuningFiles.removeResults(files)
                if let weights { try FileManager.default.moveItem(atPath: weights, toPath: files.weights) }
                if plot != nil { try FileManager.default.moveItem(atPath: "\(files.work)/plot", toPath: files.plot) }
                try FileManager.default.moveItem(atPath: "\(files.work)/record", toPath: files.record)
            }
        } catch {
            throw TuningError("cannot keep the result in \(files.folder): \(error.localizedDescription)")
        }
    }

    /// Removes the folder with all in it, and lets go of the lock; once.
    package func remove() {
        state.withLock { state in
            guard state == .open else { return }
            state = .removed
            try? FileManager.default.removeItem(atPath: files.work)
            close(descriptor)
        }
    }
}

extension TuningFiles {
    /// Undoes a tuning: the model is served as it is from then on.
    static func removeResults(_ files: TuningFiles) {
        for path in [files.record, files.weights, files.plot] { try? FileManager.default.removeItem(atPath: path) }
    }
}

/// Why a model could not be tuned, in one sentence.
package struct TuningError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
