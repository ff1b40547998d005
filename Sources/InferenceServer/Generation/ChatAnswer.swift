import Scheduling
import Tokenizer
import WireFormat

/// One answer to a conversation, step by step.
///
/// Ends with exactly one `.end`. Read by one task; dropping it, or cancelling that task, ends the generation.
struct ChatAnswer {
    private var answer: Answer
    private var reader: AnswerReader
    private let customTools: Set<String>
    /// Steps that are known and not told yet.
    private var pending: ArraySlice<AnswerEvent> = []
    /// Probabilities of tokens whose text has not been told yet.
    private var logprobs: [TokenLogprob] = []
    private var customInput: CustomInput?
    private var hasCalls = false

    /// What the answer cost, complete behind its end.
    private(set) var usage = TokenUsage(prompt: 0)

    /// How many of the generated tokens were reasoning, nearly: those that were told as such.
    private(set) var reasoningTokens = 0
    private var unattributed = 0

    /// When its first token came; nil until then.
    var firstToken: ContinuousClock.Instant? { answer.moments.first }

    /// How long it took so far.
    var timings: AnswerTimings { answer.timings }

    private var progress: PromptProgress?

    /// What is told beside the last step, as far as it is asked for.
    mutating func takeDetails() -> ToldDetails {
        // Several steps may come of one piece of text: the last of them tells of it.
        var details = pending.isEmpty ? answer.takeDetails() : ToldDetails()
        details.progress = progress.take()
        return details
    }

    /// The text that ended it, if one did.
    var matchedStop: String? { answer.matchedStop }

    init(_ answer: Answer, prompt: ChatPrompt) {
        self.answer = answer
        reader = AnswerReader(prompt.parser)
        customTools = prompt.customTools
    }

    /// The next step, or nil after the end.
    ///
    /// - Throws: `APIError` where the engine could not finish; `CancellationError` where the reading task was cancelled.
    mutating func next() async throws -> AnswerEvent? {
        while pending.isEmpty {
            guard let part = try await answer.next() else { return nil }
            switch part {
            case .prompt: break
            case .progress(let progress):
                self.progress = progress
                pending.append(.content("", logprobs: []))
            case .text(let text, let logprobs):
                self.logprobs += logprobs
                unattributed += 1
                take(reader.append(text))
            case .end(let reason, let usage):
                take(reader.finish(isCut: reason == .length))
                self.usage = usage
                pending.append(.end(hasCalls && reason == .stop ? .toolCalls : reason))
            }
        }
        return pending.removeFirst()
    }

    /// Reads to the end.
    mutating func collect() async throws -> CollectedMessage {
        var message = CollectedMessage()
        while let event = try await next() { message.append(event) }
        return message
    }

    private mutating func take(_ pieces: [AnswerReader.Piece]) {
        for piece in pieces {
            switch piece {
            case .reasoning(let text):
                reasoningTokens += unattributed
                pending.append(.reasoning(text))
            case .content(let text):
                pending.append(.content(text, logprobs: logprobs))
            case .callBegan(let index, let id, let name):
                hasCalls = true
                let isCustom = customTools.contains(name)
                customInput = isCustom ? CustomInput() : nil
                let id = id.isEmpty ? ResponseID.call() : id
                pending.append(
                    .callBegan(index: index, ToolCall(id: id, name: name, arguments: "", isCustom: isCustom))
                )
            case .arguments(let index, let text):
                let told = customInput?.append(text) ?? text
                if !told.isEmpty { pending.append(.arguments(index: index, told)) }
            }
            logprobs = []
            unattributed = 0
        }
    }
}
