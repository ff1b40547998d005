import RuntimeSupport
import Scheduling
import WireFormat

/// What was said aloud, by the ids of the sounds: so that a later turn can say "as I said" with the id alone.
///
/// In memory, for an hour, the newest as far as there is room; each is seen by the key alone that it was said to.
final class TranscriptMemory: Sendable {
    struct Limits: Sendable, Equatable {
        var count = 10_000
        /// Of the texts together.
        var bytes = 64 << 20
    }

    /// How long an answer can be referred to, in seconds.
    static let lifetime = 3600

    private struct Entry {
        let text: String
        let owner: Owner
        let expiresAt: Int
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// The oldest first; those before `first` are gone.
        var order: [String] = []
        var first = 0
        var bytes = 0

        mutating func removeOldest() {
            if let entry = entries.removeValue(forKey: order[first]) { bytes -= entry.text.utf8.count }
            first += 1
            guard first > 1024, first * 2 > order.count else { return }
            order.removeFirst(first)
            first = 0
        }
    }

    private let limits: Limits
    private let now: @Sendable () -> Int
    private let state = Guarded(State())

    /// - Parameters:
    ///   - limits: How much is kept.
    ///   - now: Seconds since 1970.
    init(_ limits: Limits = Limits(), now: @escaping @Sendable () -> Int) {
        self.limits = limits
        self.now = now
    }

    /// Keeps what was said.
    ///
    /// - Returns: Until when, in seconds since 1970.
    func insert(_ text: String, id: String, owner: Owner) -> Int {
        let now = now()
        let expiresAt = now + Self.lifetime
        state.withLock { state in
            state.entries[id] = Entry(text: text, owner: owner, expiresAt: expiresAt)
            state.order.append(id)
            state.bytes += text.utf8.count
            while state.first < state.order.count, let oldest = state.entries[state.order[state.first]],
                oldest.expiresAt <= now || state.entries.count > limits.count || state.bytes > limits.bytes
            {
                state.removeOldest()
            }
        }
        return expiresAt
    }

    /// What was said to an owner under an id; nil where it is not known, or no longer.
    func find(_ id: String, owner: Owner) -> String? {
        let now = now()
        return state.withLock { state in
            guard let entry = state.entries[id], entry.owner == owner, entry.expiresAt > now else { return nil }
            return entry.text
        }
    }

    /// Puts what was said in the places of its ids.
    ///
    /// - Throws: 400 where an id is not known, or no longer.
    func recall(_ conversation: Conversation, owner: Owner) throws(APIError) -> Conversation {
        var conversation = conversation
        for turn in conversation.turns.indices {
            for part in conversation.turns[turn].content.indices {
                guard case .spoken(let reference) = conversation.turns[turn].content[part] else { continue }
                guard let text = find(reference.id, owner: owner) else { throw .unknownAudio(reference) }
                conversation.turns[turn].content[part] = .text(text)
            }
        }
        return conversation
    }
}

extension APIError {
    fileprivate static func unknownAudio(_ reference: SpokenReference) -> APIError {
        .invalidRequest(
            "There is no audio '\(reference.id.prefix(100))': it never was, it has expired, or this server was started since. "
                + "Send its transcript as 'content' instead.",
            param: reference.path,
            code: "audio_not_found"
        )
    }
}
