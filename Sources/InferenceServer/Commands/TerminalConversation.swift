import Scheduling
import WireFormat

/// The messages of a conversation in the terminal, and how the next answer comes about.
struct TerminalConversation: Sendable {
    private let model: ChatModel
    private var conversation = Conversation()

    init(model: ChatModel) { self.model = model }

    mutating func reset() { conversation.turns = [] }

    /// The conversation with one more turn; what was said before a cancellation stays in it.
    ///
    /// An error is printed, and takes back the turn.
    ///
    /// - Throws: `OutputClosed` where nobody reads the answer any more.
    func answer(to line: String) async throws(OutputClosed) -> Self {
        var next = self
        next.conversation.turns.append(Turn(.user, line))
        var said = ""
        do {
            let generation = try await ChatGeneration(
                next.conversation,
                parameters: .terminal,
                lease: ModelLease(model),
                owner: .anyone
            )
            var answer = generation.answers[0]
            while let event = try await answer.next() {
                switch event {
                case .content(let piece, _):
                    guard Console.write(piece) else { throw OutputClosed() }
                    said += piece
                case .reasoning(let piece): guard Console.write(piece) else { throw OutputClosed() }
                default: break
                }
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
        next.conversation.turns.append(Turn(.assistant, said))
        return next
    }
}

/// Nobody reads what is written any more.
struct OutputClosed: Error {}

extension GenerationParameters {
    /// What a chat in the terminal is sampled with: a little below the model's own spread.
    fileprivate static let terminal = GenerationParameters(temperature: 0.7, topP: 0.95)
}
