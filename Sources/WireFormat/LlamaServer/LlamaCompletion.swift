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
    /// Nil in a piece.
    package let ending: Ending?

    /// What is known at the end.
    package struct Ending: Sendable {
        package let stop: Stop
        package let model: String
        package let usage: Usage

        package init(stop: Stop, model: String, usage: Usage) {
            self.stop = stop
            self.model = model
            self.usage = usage
        }
    }

    package init(index: Int, content: String, ending: Ending? = nil) {
        self.index = index
        self.content = content
        self.ending = ending
    }

    package var json: JSONValue {
        var object = JSONObject([
            ("index", JSONValue(index)), ("content", .string(content)),
            ("tokens", []), ("stop", .bool(ending != nil)),
        ])
        guard let ending else { return .object(object) }
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
        return .object(object)
    }
}
