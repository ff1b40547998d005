import Foundation
import Llama
import RuntimeSupport
import Tokenizer
import WireFormat

/// Renders conversations with templates that came with requests: each in a process of its own, which ends within bounds of
/// time and memory whatever the template does.
final class InlineTemplates: Sendable {
    /// Whether the server was started so that requests may bring templates.
    let areAllowed: Bool

    private let running = Guarded(0)

    /// Processes at once; one more request is told to try again.
    private static let mostRunning = 2
    /// How long a process may take by the clock, where it gets little of the cores.
    private static let deadline = 20
    /// Bytes of an outcome; no context takes so long a prompt.
    private static let mostOutput = 16 << 20

    init(areAllowed: Bool) { self.areAllowed = areAllowed }

    /// The prompt that a template makes of a conversation.
    ///
    /// - Parameters:
    ///   - conversation: What is asked.
    ///   - source: The template, in Jinja.
    ///   - parameter: What the request calls it.
    ///   - model: Whose vocabulary the template knows.
    /// - Returns: The prompt, and how its answer is read.
    /// - Throws: 400 where templates may not come with requests, or this one can't be used; 429 where others are rendered.
    func render(
        _ conversation: Conversation,
        with source: String,
        parameter: String,
        model: ChatModel
    ) async throws -> RenderedPrompt {
        guard areAllowed else {
            throw APIError.invalidRequest(
                "Unsupported parameter: '\(parameter)' is a template that comes with the request, which this server takes only "
                    + "when it is started with --allow-inline-templates. 'instruction_template' names a file of templates.",
                param: parameter,
                code: "unsupported_parameter"
            )
        }
        let rendering = ChatRendering(conversation.toldVerbosity(in: source))
        let job = RenderCommand.Job(
            path: model.file.path,
            template: source,
            messages: rendering.messages.text,
            options: rendering.options.text
        )
        let input = try JSONEncoder().encode(job)
        guard
            running.withLock({ count in
                count < Self.mostRunning
                    ? {
                        count += 1; return true
                    }() : false
            })
        else {
            throw APIError.rateLimit(
                "Templates of other requests are being rendered. Please try again later.",
                retryAfter: 1
            )
        }
        defer { running.withLock { $0 -= 1 } }
        let output = try await onThread("template") { try Self.run(input) }
        switch output.flatMap({ try? JSONDecoder().decode(RenderCommand.Outcome.self, from: $0) }) {
        case .rendered(let prompt): return prompt
        case .refused(let reason):
            throw Self.fault(parameter, "The template can't be used: \(reason)")
        case nil:
            throw Self.fault(
                parameter,
                "The template can't be used: it takes more than \(RenderCommand.cpuSeconds) seconds, too much memory, or "
                    + "nests without end."
            )
        }
    }

    private static func fault(_ parameter: String, _ message: String) -> APIError {
        .invalidRequest(message, param: parameter, code: "invalid_value")
    }

    /// What a process answers to a job; nil where it was ended before, or the answer is too long.
    ///
    /// Blocks.
    private static func run(_ input: Data) throws -> Data? {
        let process = Process()
        #if os(Linux)
        // Of the process that is made, so that it is this program even where its file was replaced since.
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe")
        #else
        process.executableURL = Bundle.main.executableURL
        #endif
        process.arguments = [RenderCommand.name]
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("INFERENCE_SERVER_") }
        let (source, sink) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (source, sink)
        process.standardError = FileHandle.nullDevice
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        let late = DispatchWorkItem { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(deadline), execute: late)
        // It reads all of the job before it writes; where it has ended by then, there is nobody to read.
        try? source.fileHandleForWriting.write(contentsOf: input)
        try? source.fileHandleForWriting.close()
        var output = Data()
        while output.count <= mostOutput, let piece = try? sink.fileHandleForReading.read(upToCount: 1 << 16),
            !piece.isEmpty
        {
            output += piece
        }
        if output.count > mostOutput, process.isRunning { kill(process.processIdentifier, SIGKILL) }
        ended.wait()
        late.cancel()
        let isWhole = process.terminationReason == .exit && process.terminationStatus == 0 && output.count <= mostOutput
        return isWhole ? output : nil
    }
}

/// What makes a prompt of a conversation in place of the model's own template.
enum PromptTemplate {
    case parsed(ChatTemplate)
    /// It has made it already.
    case rendered(RenderedPrompt)
}
