/// The whole answer to a request for text completions.
package struct Completion: JSONRepresentable, Equatable {
    /// One of the answers; those to the first prompt come first.
    package struct Choice: Sendable, Equatable {
        package let index: Int
        package let text: String
        package let finishReason: FinishReason

        /// Nil where the request did not ask for probabilities.
        package let logprobs: CompletionLogprobs?

        /// What is told beside it.
        package let details: ToldDetails

        package init(
            index: Int,
            text: String,
            finishReason: FinishReason,
            logprobs: CompletionLogprobs? = nil,
            details: ToldDetails = ToldDetails()
        ) {
            self.index = index
            self.text = text
            self.finishReason = finishReason
            self.logprobs = logprobs
            self.details = details
        }
    }

    package let header: ResponseHeader
    package let choices: [Choice]
    package let usage: Usage

    package init(header: ResponseHeader, choices: [Choice], usage: Usage) {
        self.header = header
        self.choices = choices
        self.usage = usage
    }

    package var json: JSONValue {
        var object = header.textCompletion(
            choices.map {
                .completionChoice($0.index, text: $0.text, $0.logprobs, finishReason: $0.finishReason.json, $0.details)
            }
        )
        object.append("usage", usage.json)
        if let timings = choices.compactMap(\.details.timings).total { object.append("timings", timings.json) }
        return .object(object)
    }
}

/// Makes the chunks of a streamed text completion; it holds no state.
///
/// For each answer, in this order: any number of `content`, `closing`. When all are closed, `usage` if the request
/// asked for it.
package struct CompletionStream: Sendable {
    package let header: ResponseHeader

    /// Whether the request asked for the usage: then every chunk has the member, null in all but the last.
    package let includesUsage: Bool

    package init(header: ResponseHeader, includesUsage: Bool) {
        self.header = header
        self.includesUsage = includesUsage
    }

    /// A piece of an answer, with the tokens that it was made of where the request asked for their probabilities.
    package func content(
        _ text: String,
        _ index: Int,
        logprobs: CompletionLogprobs? = nil,
        _ details: ToldDetails = ToldDetails()
    ) -> JSONValue {
        chunk(.completionChoice(index, text: text, logprobs, finishReason: .null, details), details)
    }

    /// The last chunk of an answer.
    package func closing(_ reason: FinishReason, _ index: Int, _ details: ToldDetails = ToldDetails()) -> JSONValue {
        chunk(.completionChoice(index, text: "", nil, finishReason: reason.json, details), details)
    }

    /// The last chunk of the stream.
    package func usage(_ usage: Usage) -> JSONValue {
        var object = header.textCompletion([])
        object.append("usage", usage.json)
        return .object(object)
    }

    private func chunk(_ choice: JSONValue, _ details: ToldDetails) -> JSONValue {
        var object = header.textCompletion([choice])
        if includesUsage { object.append("usage", .null) }
        details.add(to: &object)
        return .object(object)
    }
}

extension ResponseHeader {
    fileprivate func textCompletion(_ choices: [JSONValue]) -> JSONObject {
        var object = object("text_completion")
        // OpenAI's text completions know no tiers: told only to who asked.
        if let serviceTier { object.append("service_tier", .string(serviceTier.rawValue)) }
        object.append("system_fingerprint", .string(systemFingerprint))
        object.append("choices", .array(choices))
        return object
    }
}

extension JSONValue {
    fileprivate static func completionChoice(
        _ index: Int,
        text: String,
        _ logprobs: CompletionLogprobs?,
        finishReason: JSONValue,
        _ details: ToldDetails
    ) -> JSONValue {
        var object = JSONObject([
            ("text", .string(text)), ("index", JSONValue(index)), ("logprobs", logprobs?.json ?? .null),
            ("finish_reason", finishReason),
        ])
        if let tokens = details.tokensJSON { object.append("tokens", tokens) }
        return .object(object)
    }
}
