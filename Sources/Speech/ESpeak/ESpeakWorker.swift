#if ESpeak
internal import Foundation

/// The other side of `ESpeakProcess`: speaks what it reads, and writes the sound.
package enum ESpeakWorker {
    /// Serves the process that started this one, until it closes its end.
    ///
    /// - Returns: The exit status.
    package static func run() -> Int32 {
        // The server decides when this process ends, not who signals all of a terminal's or a service's processes.
        _ = signal(SIGINT, SIG_IGN)
        _ = signal(SIGTERM, SIG_IGN)
        // It is many times faster than sound; who waits for a token is not to wait for it.
        _ = nice(niceness)
        let pipe = WorkerPipe(reading: STDIN_FILENO, writing: STDOUT_FILENO)
        do throws(SpeechError) {
            let library = try ESpeakLibrary()
            try pipe.write(.inventory, Array(library.inventory.lines.utf8))
            while let frame = try pipe.read() {
                guard frame.kind == .speak, let order = SpeechOrder(frame.body) else { continue }
                try answer(order, library, pipe)
            }
            return 0
        } catch {
            try? pipe.write(.failed, Array(error.description.utf8))
            return 1
        }
    }

    private static let niceness: Int32 = 5

    private static func answer(_ order: SpeechOrder, _ library: ESpeakLibrary, _ pipe: WorkerPipe) throws(SpeechError) {
        var isBroken = false
        do throws(SpeechError) {
            try library.speak(order.text, as: order.voice) { samples in
                // Anything that arrives now is the order to stop, or the end.
                if pipe.hasInput { return false }
                do throws(SpeechError) {
                    try pipe.write(.sound, unsafe samples.withUnsafeBytes { unsafe Array($0) })
                    return true
                } catch {
                    isBroken = true
                    return false
                }
            }
        } catch {
            return try pipe.write(.failed, Array(error.description.utf8))
        }
        if isBroken { throw SpeechError(.unavailable, "nobody listens") }
        try pipe.write(.done, [])
    }
}
#endif
