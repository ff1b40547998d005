import Scheduling
import WireFormat

/// The messages of a conversation in the terminal, and how the next answer comes about.
struct TerminalConversation: Sendable {
    private let model: ChatModel
    private var messages: [ChatMessage] = []

    init(model: ChatModel) { self.model = model }

    mutating func reset() { messages = [] }

    /// The conversation with one more turn; what was said before a cancellation stays in it.
    ///
    /// An error is printed, and takes back the turn.
    ///
    /// - Throws: `OutputClosed` where nobody reads the answer any more.
    func answer(to line: String) async throws(OutputClosed) -> Self {
        var next = self
        next.messages.append(ChatMessage(role: .user, content: line))
        var said = ""
        do {
            let prompt = try ChatPrompt(next.messages, model: model)
            let set = try await AnswerSet(
                prompts: [prompt.tokens],
                parameters: .terminal,
                stops: prompt.stops,
                lease: ModelLease(model),
                owner: .anyone,
                promptParameter: "messages"
            )
            var answer = set.answers[0]
            while let part = try await answer.next() {
                guard case .text(let piece, _) = part else { continue }
                guard Console.write(piece) else { throw OutputClosed() }
                said += piece
            }
            Console.write("\n")
        } catch is CancellationError {
            Console.write("\n")
        } catch is OutputClosed {
            throw OutputClosed()
        } catch let error as APIError where error.code == "context_length_exceeded" {
            Console.printError("the conversation no longer fits the context; /reset begins a new one")
            return self
        } catch {
            Console.printError("error: \((error as? APIError)?.message ?? "\(error)")")
            return self
        }
        next.messages.append(ChatMessage(role: .assistant, content: said))
        return next
    }
}

/// Nobody reads what is written any more.
struct OutputClosed: Error {}

extension GenerationParameters {
    /// What a chat in the terminal is sampled with: a little below the model's own spread.
    fileprivate static let terminal = GenerationParameters(temperature: 0.7, topP: 0.95)
}
