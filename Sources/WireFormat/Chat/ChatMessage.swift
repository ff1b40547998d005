/// One message of a conversation.
package struct ChatMessage: Sendable, Equatable {
    /// Who speaks.
    package enum Role: String, Sendable, CaseIterable {
        case developer, system, user, assistant
    }

    package var role: Role

    /// The text; parts are joined with line feeds.
    package var content: String

    /// Tells speakers of the same role apart.
    package var name: String?

    package init(role: Role, content: String, name: String? = nil) {
        self.role = role
        self.content = content
        self.name = name
    }
}
