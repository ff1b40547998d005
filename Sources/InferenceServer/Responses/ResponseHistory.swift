import Scheduling
import WireFormat

/// What a response is made from, all that the request refers to included.
struct ResponseHistory {
    /// What came before the request's input, instructions aside.
    let earlier: [ResponseItem]
    let input: [ResponseItem]
    private let instructions: String?

    /// Looks up what the request refers to.
    ///
    /// - Throws: 400 where the owner has no such response or item, or the response is not finished.
    init(_ source: ResponseSource, store: ResponseStore, owner: Owner) throws(APIError) {
        instructions = source.instructions
        earlier = try source.previousID.map { id throws(APIError) in try Self.previous(id, store, owner) } ?? []
        var input: [ResponseItem] = []
        for (index, element) in source.input.enumerated() {
            switch element {
            case .item(let item): input.append(item)
            case .reference(let id):
                guard let item = store.item(id, owner: owner) else {
                    throw .invalidRequest(
                        "Item with id '\(id)' not found.",
                        param: "input[\(index)].id",
                        code: "item_not_found"
                    )
                }
                input.append(item)
            }
        }
        self.input = input
    }

    private static func previous(
        _ id: String,
        _ store: ResponseStore,
        _ owner: Owner
    ) throws(APIError) -> [ResponseItem] {
        let param = "previous_response_id"
        guard let response = store.find(id, owner: owner) else {
            throw .invalidRequest(
                "Previous response with id '\(id)' not found.",
                param: param,
                code: "previous_response_not_found"
            )
        }
        let status = response.run.response.status
        guard status == .completed || status == .incomplete else {
            throw .invalidRequest(
                "Previous response with id '\(id)' is \(status.rawValue): nothing goes on from it.",
                param: param,
                code: "previous_response_not_completed"
            )
        }
        return response.history
    }

    /// The conversation rendered for a model, without its oldest parts where the request wants that and all don't fit.
    ///
    /// - Parameters:
    ///   - shaping: Of the request.
    ///   - answerTokens: How long the answer may become; nil for as long as there is room.
    ///   - model: Which answers.
    /// - Returns: The prompt.
    /// - Throws: 400 where it does not fit, or can't be rendered.
    func prompt(_ shaping: ResponseShaping, answerTokens: Int?, model: ChatModel) async throws -> ChatPrompt {
        let hasMedia = try !conversation(earlier + input, shaping).media.isEmpty
        return try await model.reading(hasMedia) { media throws(APIError) in
            try prompt(shaping, answerTokens, Rendering(model: model, media: media))
        }
    }

    /// What items are rendered with.
    private struct Rendering {
        let model: ChatModel
        let media: MediaReader
    }

    private func prompt(_ shaping: ResponseShaping, _ answerTokens: Int?, _ model: Rendering) throws(APIError)
        -> ChatPrompt
    {
        let items = earlier + input
        guard shaping.truncates else { return try render(items, shaping, model) }
        let length = model.model.contextLength
        let limit = length - min(answerTokens ?? length / 4, length / 2)
        if let prompt = try render(items, shaping, model, within: limit) { return prompt }
        // As little is left out as will do.
        var candidates = 1..<(items.cutCount + 1)
        var best: ChatPrompt?
        while !candidates.isEmpty {
            let middle = candidates.lowerBound + candidates.count / 2
            if let prompt = try render(items.leavingOut(middle), shaping, model, within: limit) {
                best = prompt
                candidates = candidates.lowerBound..<middle
            } else {
                candidates = middle + 1..<candidates.upperBound
            }
        }
        if let best { return best }
        return try render(items.leavingOut(items.cutCount), shaping, model)
    }

    private func conversation(_ items: [ResponseItem], _ shaping: ResponseShaping) throws(APIError) -> Conversation {
        var conversation = shaping.conversation
        try conversation.take(items, instructions: instructions)
        return conversation
    }

    private func render(
        _ items: [ResponseItem],
        _ shaping: ResponseShaping,
        _ rendering: Rendering
    ) throws(APIError) -> ChatPrompt {
        let conversation = try conversation(items, shaping)
        return try ChatPrompt(conversation, param: "input", model: rendering.model, media: rendering.media)
    }

    /// The same, or nil where it has more tokens.
    private func render(
        _ items: [ResponseItem],
        _ shaping: ResponseShaping,
        _ model: Rendering,
        within limit: Int
    ) throws(APIError) -> ChatPrompt? {
        do throws(APIError) {
            let prompt = try render(items, shaping, model)
            return prompt.content.tokenCount <= limit ? prompt : nil
        } catch {
            guard error.code == "context_length_exceeded" else { throw error }
            return nil
        }
    }
}
