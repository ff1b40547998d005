import Foundation
import Llama
import RuntimeSupport
import Scheduling
import WireFormat

/// `inference-server chat`: a conversation in the terminal, with the model in this process.
struct ChatCommand {
    let options: ModelOptions

    /// Returns when the user leaves or the input ends.
    ///
    /// - Throws: Why it could not start.
    func run() async throws {
        Log.setLevel(options.logLevel)
        LlamaRuntime.start(usesBLAS: options.usesBLAS)
        let folder = ModelFolder(path: options.folder)
        let file = try folder.chatModel(options.models.first)
        let budget = MemoryBudget.measured(host: options.memoryBudget.bytes(of: AvailableMemory.bytes()))
        var policy = SchedulingPolicy()
        if options.isDeterministic { policy.fixedChunk = SchedulingPolicy.deterministicChunk }
        let model = try ChatModel(
            ServableModel(file, id: folder.id(of: file), options: options, budget: budget),
            policy: policy
        )
        let isTerminal = Console.inputIsTerminal
        if isTerminal {
            Console.print(
                "\(model.id), \(model.contextLength) tokens of context. Ctrl-C stops an answer; /reset, /quit."
            )
        }
        var conversation = TerminalConversation(model: model)
        let interrupts = Interrupts()
        while true {
            if isTerminal { Console.write("> ") }
            guard let line = readLine() else { break }
            switch line.trimmingCharacters(in: .whitespaces) {
            case "": continue
            case "/quit", "/exit": return await finish(model)
            case "/reset":
                conversation.reset()
                if isTerminal { Console.print("The conversation is forgotten.") }
            case let command where command.hasPrefix("/"):
                Console.printError("there is no command \(command); the commands are /reset and /quit")
            default:
                guard await answer(line, &conversation, interrupts) else { return await finish(model) }
            }
        }
        if isTerminal { Console.print("") }
        await finish(model)
    }

    /// Streams one answer, until its end or an interrupt.
    ///
    /// - Returns: False where nobody reads it any more.
    private func answer(_ line: String, _ conversation: inout TerminalConversation, _ interrupts: Interrupts) async
        -> Bool
    {
        let current = conversation
        let task = Task { try await current.answer(to: line) }
        interrupts.setAction { task.cancel() }
        defer { interrupts.setAction(nil) }
        guard let next = try? await task.value else { return false }
        conversation = next
        return true
    }

    private func finish(_ model: ChatModel) async { await model.stop() }
}

/// Ctrl-C: stops the answer under way; at the prompt it only says how to leave.
private final class Interrupts: Sendable {
    private let action = Guarded<(@Sendable () -> Void)?>(nil)
    private let subscription = Guarded<Signals.Subscription?>(nil)

    init() {
        let handling = Signals.handle([SIGINT]) { [weak self] _ in
            guard let self else { return }
            if let action = self.action.withLock({ $0 }) {
                action()
            } else {
                Console.write("\n(/quit or Ctrl-D leaves)\n> ")
            }
        }
        subscription.withLock { $0 = handling }
    }

    func setAction(_ new: (@Sendable () -> Void)?) { action.withLock { $0 = new } }
}
