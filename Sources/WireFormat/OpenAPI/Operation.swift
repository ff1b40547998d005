/// What one endpoint takes and gives, for its description.
package struct Operation: Sendable {
    /// What an answer without an error is.
    package enum Answer: Sendable {
        case json
        /// JSON, or server-sent events where the request asks for a stream.
        case jsonOrEvents
        /// A file of sound, or server-sent events where the request asks for them.
        case audioOrEvents
        case text(contentType: String)
        /// There is no such answer any more: always 410.
        case gone
    }

    /// One parameter behind the question mark.
    package struct QueryParameter: Sendable {
        package let name: String
        package let summary: String
        /// Whether it is a text of the client's; otherwise `1` means yes.
        package let isText: Bool

        package init(_ name: String, isText: Bool = false, _ summary: String) {
            self.name = name
            self.isText = isText
            self.summary = summary
        }
    }

    /// The headings that endpoints stand under.
    package enum Group: String, Sendable, CaseIterable {
        case openAI = "OpenAI"
        case webUI = "text-generation-webui"
        case llamaServer = "llama-server"
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
