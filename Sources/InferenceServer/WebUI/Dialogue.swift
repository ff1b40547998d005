import Foundation
import WireFormat

/// A chat as a dialogue between two names, as a model that was never taught to chat goes on with it.
struct Dialogue {
    let userName: String
    let botName: String
    /// What comes before the first line.
    let opening: String
    /// Each with its name; the bot's last one may be there to go on from.
    let lines: String
    /// What the bot's next line begins with.
    let beginning: String

    /// What `chat-instruct` asks where the request does not say it.
    static let standardCommand =
        "Go on with the conversation below: write the next reply of \"<|character|>\", and nothing else.\n\n<|prompt|>"

    init(_ turns: [Turn], _ request: WebUIChat, _ character: Character) {
        let userName = request.userName ?? character.user ?? "You"
        let botName = request.botName ?? character.name
        let filled = { (text: String) in
            [("{{user}}", userName), ("{{char}}", botName), ("<USER>", userName), ("<BOT>", botName)]
                .reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
        }
        let instructions = turns.filter { $0.role == .system || $0.role == .developer }.map(\.text)
        opening = ([filled(request.context ?? character.context), filled(request.userBio ?? "")] + instructions)
            .filter { !$0.isEmpty }.map { $0 + "\n\n" }.joined()
        var spoken = turns.filter { $0.role == .user || $0.role == .assistant }
        let greeting = filled(request.greeting ?? character.greeting)
        if !greeting.isEmpty, spoken.first?.role != .assistant { spoken.insert(Turn(.assistant, greeting), at: 0) }
        let begun = spoken.last?.role == .assistant && spoken.count > 1 ? spoken.removeLast().text : nil
        lines = spoken.map { "\($0.role == .user ? userName : botName): \($0.text)\n" }.joined()
        beginning = begun.map { "\(botName): \($0)" } ?? "\(botName):"
        self.userName = userName
        self.botName = botName
    }

    /// The whole text, for a model to go on with.
    var text: String { opening + lines + beginning }

    /// Texts that begin another line.
    var stops: [String] { ["\n\(userName):", "\n\(botName):"] }

    /// The dialogue inside a message that asks for the next reply, which is begun.
    func instruction(_ command: String?) -> Conversation {
        let dialogue = (opening + lines).trimmingCharacters(in: .newlines)
        let text = (command ?? Self.standardCommand).replacingOccurrences(of: "<|character|>", with: botName)
            .replacingOccurrences(of: "<|prompt|>", with: dialogue)
        return Conversation([Turn(.user, text), Turn(.assistant, beginning)])
    }
}
