#if ESpeak
internal import Foundation
package import RuntimeSupport

/// espeak-ng in a process of its own, which is started again where it dies.
///
/// espeak-ng overruns its buffers on some texts: then that one utterance fails, and nothing else. The process is this same
/// program, ends with it, and has no file or socket of it.
package final class ESpeakProcess: SpeechSynthesizer {
    /// Longer without a sound, and the process is taken to hang: it makes 45 ms of sound in less than one.
    private static let patience: Int32 = 10_000

    package let sampleRate: Int
    package let inventory: ESpeakInventory
    /// How often another process took the place of one that died or hung.
    package let restarts = Guarded<UInt64>(0)
    private let executable: String
    private let arguments: [String]
    private var worker: Worker?

    /// Starts the process.
    ///
    /// - Parameters:
    ///   - executable: The path of what runs `ESpeakWorker`.
    ///   - arguments: Under which it does so.
    /// - Throws: Why it can't speak.
    package init(executable: String, arguments: [String]) throws(SpeechError) {
        let (worker, inventory) = try Worker.start(executable, arguments)
        self.worker = worker
        self.inventory = inventory
        self.executable = executable
        self.arguments = arguments
        sampleRate = inventory.sampleRate
    }

    /// Pieces are spoken whole, one at a time.
    package var capacity: Int { 1 }

    package func begin(_ text: String, as voice: ESpeakVoice) throws(SpeechError) -> ESpeakPiece {
        ESpeakPiece(process: self, text: text, voice: voice)
    }

    fileprivate func speak(_ text: String, _ voice: ESpeakVoice, _ sink: ([Int16]) -> Bool) throws(SpeechError) {
        let order = SpeechOrder(text, voice)
        var isSilent = true
        do throws(SpeechError) {
            try attempt(order) { samples in
                isSilent = false
                return sink(samples)
            }
        } catch {
            // It may have died of something else, or before this.
            guard worker == nil, isSilent else { throw error }
            try attempt(order, onto: sink)
        }
    }

    /// Speaks with the process that there is; one that is of no use afterwards goes.
    private func attempt(_ order: SpeechOrder, onto sink: ([Int16]) -> Bool) throws(SpeechError) {
        let worker = try running()
        do throws(SpeechError) {
            try worker.speak(order, patience: Self.patience, onto: sink)
        } catch {
            if !worker.isUsable {
                Log("speech").warning("the process that speaks has ended or hangs; another takes its place")
                self.worker = nil
                restarts.withLock { $0 += 1 }
            }
            throw error
        }
    }

    private func running() throws(SpeechError) -> Worker {
        if let worker { return worker }
        let started = try Worker.start(executable, arguments).worker
        worker = started
        return started
    }
}

/// A piece that espeak-ng speaks, in one step.
package struct ESpeakPiece: SpokenPiece {
    fileprivate let process: ESpeakProcess
    fileprivate let text: String
    fileprivate let voice: ESpeakVoice

    package func step(onto sink: ([Int16]) -> Bool) throws(SpeechError) -> Bool {
        try process.speak(text, voice, sink)
        return false
    }
}

/// One process that speaks; it is ended when this goes.
private final class Worker {
    private let process: Process
    private let pipe: WorkerPipe
    private let toWorker: Pipe
    private let fromWorker: Pipe
    /// Whether the next order finds it ready.
    private(set) var isUsable = true

    private init(_ process: Process, _ toWorker: Pipe, _ fromWorker: Pipe) {
        self.process = process
        self.toWorker = toWorker
        self.fromWorker = fromWorker
        pipe = WorkerPipe(
            reading: fromWorker.fileHandleForReading.fileDescriptor,
            writing: toWorker.fileHandleForWriting.fileDescriptor
        )
    }

    deinit {
        // Not SIGTERM, which it ignores.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    static func start(
        _ executable: String,
        _ arguments: [String]
    ) throws(SpeechError) -> (worker: Worker, inventory: ESpeakInventory) {
        let process = Process()
        let (toWorker, fromWorker) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        // Among them may be keys.
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("INFERENCE_SERVER_") }
        process.standardInput = toWorker
        process.standardOutput = fromWorker
        // espeak-ng complains there of its own data.
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch {
            throw SpeechError(.unavailable, "the process that speaks can't be started: \(error.localizedDescription)")
        }
        let worker = Worker(process, toWorker, fromWorker)
        guard let frame = try worker.pipe.read() else { throw .gone }
        let text = String(decoding: frame.body, as: UTF8.self)
        guard frame.kind == .inventory, let inventory = ESpeakInventory(lines: text) else {
            throw SpeechError(.unavailable, frame.kind == .failed ? text : "the process that speaks is another program")
        }
        return (worker, inventory)
    }

    func speak(_ order: SpeechOrder, patience: Int32, onto sink: ([Int16]) -> Bool) throws(SpeechError) {
        isUsable = false
        try pipe.write(.speak, order.body)
        var isWanted = true
        while true {
            guard pipe.wait(milliseconds: patience), let frame = try pipe.read() else {
                throw SpeechError(.failed, "espeak-ng failed on this text")
            }
            switch frame.kind {
            case .sound:
                guard isWanted else { continue }
                isWanted = sink(unsafe frame.body.withUnsafeBytes { unsafe Array($0.bindMemory(to: Int16.self)) })
                // Read and passed over where the worker has ended by itself.
                if !isWanted { try pipe.write(.stop, []) }
            case .done:
                isUsable = true
                return
            case .failed:
                isUsable = true
                throw SpeechError(.failed, String(decoding: frame.body, as: UTF8.self))
            case .speak, .stop, .inventory:
                throw .gone
            }
        }
    }
}
#endif
