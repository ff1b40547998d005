import RuntimeSupport
import WireFormat

/// How many answers of chats are spoken at once.
///
/// It is asked before the first word is generated, so that no answer stops halfway for want of a voice.
final class TalkLimit: Sendable {
    private let most: Int
    private let count = Guarded(0)

    init(_ most: Int) { self.most = most }

    /// Lets answers be spoken for as long as what is returned is held.
    ///
    /// - Throws: 429 where too many are.
    func enter(_ answers: Int) throws(APIError) -> TalkPass {
        let isFree = count.withLock { count in
            // One request alone is let in, whatever it asks for.
            guard count == 0 || count + answers <= most else { return false }
            count += answers
            return true
        }
        guard isFree else {
            throw .rateLimit("The server is busy speaking other answers. Please try again later.", retryAfter: 5)
        }
        return TalkPass(self, answers)
    }

    fileprivate func leave(_ answers: Int) { count.withLock { $0 -= answers } }
}

/// Leave for some answers to be spoken; it ends when this goes.
final class TalkPass: Sendable {
    private let limit: TalkLimit
    private let answers: Int

    fileprivate init(_ limit: TalkLimit, _ answers: Int) {
        self.limit = limit
        self.answers = answers
    }

    deinit { limit.leave(answers) }
}
