/// What one endpoint takes and gives, for its description.
package struct Operation: Sendable {
    /// What an answer without an error is.
    package enum Answer: Sendable {
        case json
        /// JSON, or server-sent events where the request asks for a stream.
        case jsonOrEvents
        /// A file of sound, or server-sent events where the request asks for them.
        case audioOrEvents
        /// JSON, or a line of it for each piece unless the request asks for no stream.
        case jsonOrLines
        case text(contentType: String)
        /// There is no such answer any more: always 410.
        case gone
    }

    /// One parameter behind the question mark.
    package struct QueryParameter: Sendable {
        /// What its value may be.
        package enum Value: Sendable {
            case text
            /// `true` or `false`.
            case boolean
            /// `1` means yes.
            case flag
            case integer(ClosedRange<Int>)
            case choice([String])
            /// One of these names, any number of times.
            case choices([String])
        }

        package let name: String
        package let value: Value
        package let summary: String

        package init(_ name: String, _ value: Value, _ summary: String) {
            self.name = name
            self.value = value
            self.summary = summary
        }
    }

    /// The headings that endpoints stand under.
    package enum Group: String, Sendable, CaseIterable {
        case openAI = "OpenAI"
        case webUI = "text-generation-webui"
        case llamaServer = "llama-server"
        case anthropic = "Anthropic"
        case ollama = "Ollama"
        case service = "Service"
        case retired = "Retired"
    }

    package var summary: String
    package var group: Group
    package var body: (any RequestBody.Type)?
    package var query: [QueryParameter]
    package var answer: Answer

    package init(
        _ summary: String,
        _ group: Group,
        body: (any RequestBody.Type)? = nil,
        query: [QueryParameter] = [],
        answer: Answer = .json
    ) {
        self.summary = summary
        self.group = group
        self.body = body
        self.query = query
        self.answer = answer
    }
}
