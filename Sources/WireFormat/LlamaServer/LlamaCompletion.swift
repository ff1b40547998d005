/// One answer to a completion request, or a piece of one, as llama-server tells it.
package struct LlamaCompletion: JSONRepresentable {
    /// Why an answer ended.
    package enum Stop: Sendable, Equatable {
        case endOfText
        case limit
        /// This stop string was found.
        case word(String)
    }

    package let index: Int
    package let content: String
    /// The tokens that it was made of, where their probabilities were asked for.
    package let logprobs: [TokenLogprob]
    package let details: ToldDetails
    /// Nil in a piece.
    package let ending: Ending?

    /// What is known at the end.
    package struct Ending: Sendable {
        package let stop: Stop
        package let model: String
        package let usage: Usage
        package let timings: AnswerTimings
        /// The members that are told; empty for all.
        package let fields: [String]

        package init(stop: Stop, model: String, usage: Usage, timings: AnswerTimings, fields: [String] = []) {
            self.timings = timings
            self.fields = fields
            self.stop = stop
            self.model = model
            self.usage = usage
        }
    }

    package init(
        index: Int,
        content: String,
        logprobs: [TokenLogprob] = [],
        details: ToldDetails = ToldDetails(),
        ending: Ending? = nil
    ) {
        self.logprobs = logprobs
        self.details = details
        self.index = index
        self.content = content
        self.ending = ending
    }

    package var json: JSONValue {
        var object = JSONObject([
            ("index", JSONValue(index)), ("content", .string(content)),
            ("tokens", details.tokensJSON ?? []), ("stop", .bool(ending != nil)),
        ])
        if !logprobs.isEmpty { object.append("completion_probabilities", .array(logprobs.map(\.chatJSON))) }
        guard let ending else {
            details.add(to: &object)
            return .object(object)
        }
        let (type, word) =
            switch ending.stop {
            case .endOfText: ("eos", "")
            case .limit: ("limit", "")
            case .word(let word): ("word", word)
            }
        object.append("model", .string(ending.model))
        object.append("tokens_predicted", JSONValue(ending.usage.completionTokens))
        object.append("tokens_evaluated", JSONValue(ending.usage.promptTokens))
        object.append("tokens_cached", JSONValue(ending.usage.cachedTokens))
        object.append("stop_type", .string(type))
        object.append("stopping_word", .string(word))
        object.append("truncated", false)
        object.append("timings", ending.timings.json)
        return .object(ending.fields.isEmpty ? object : object.selecting(ending.fields))
    }
}

extension JSONObject {
    /// The members at these paths, whose steps are parted by slashes; each is named by its path.
    fileprivate func selecting(_ paths: [String]) -> JSONObject {
        var selected = JSONObject()
        for path in paths where selected[path] == nil {
            var value: JSONValue? = .object(self)
            for key in path.split(separator: "/", omittingEmptySubsequences: false) {
                guard case .object(let object)? = value else {
                    value = nil
                    break
                }
                value = object[String(key)]
            }
            if let value { selected.append(path, value) }
        }
        return selected
    }
}
