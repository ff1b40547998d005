/// Finds the first stop string in a text that arrives in pieces, and holds back what may still become one.
///
/// The match that is complete first wins, and of several complete at once the longest; so what comes out does not
/// depend on how the text is cut. Matching compares UTF-8 bytes: neither a combining mark nor the "\r" of a "\r\n"
/// hides a match. Time is linear: bytes of text times number of stop strings, no byte is looked at again.
package struct StopMatcher: Sendable {
    private var patterns: [StopPattern]

    /// Bytes that have come and not gone out yet: those that may begin a stop string.
    private var held: [UInt8] = []

    /// The stop string that was found; the text has ended then.
    package private(set) var matched: String?

    /// - Parameter stops: The stop strings; empty ones never match.
    package init(_ stops: [String]) {
        patterns = stops.filter { !$0.isEmpty }.map(StopPattern.init)
    }

    /// Takes the next piece of the text.
    ///
    /// - Returns: The text that can go out now, and the stop string that ended it, if one did. The stop string itself
    ///   is never in the text. After a match all further text is dropped.
    package mutating func append(_ text: String) -> (emit: String, matched: String?) {
        guard matched == nil else { return ("", matched) }
        guard !patterns.isEmpty else { return (text, nil) }
        for byte in text.utf8 {
            held.append(byte)
            guard let found = advance(over: byte) else { continue }
            matched = found.text
            let emit = String(decoding: held.dropLast(found.count), as: UTF8.self)
            held = []
            return (emit, matched)
        }
        let end = held.count - (patterns.lazy.map(\.progress).max() ?? 0)
        let emit = String(decoding: held[..<end], as: UTF8.self)
        held.removeFirst(end)
        return (emit, nil)
    }

    /// Ends the text and gives what was held back.
    package mutating func finish() -> String {
        defer { self = StopMatcher(patterns: patterns.map(\.restarted), matched: matched) }
        return String(decoding: held, as: UTF8.self)
    }

    private init(patterns: [StopPattern], matched: String?) {
        self.patterns = patterns
        self.matched = matched
    }

    private mutating func advance(over byte: UInt8) -> StopPattern? {
        var found: StopPattern?
        for index in patterns.indices where patterns[index].advance(over: byte) {
            if patterns[index].count > found?.count ?? 0 { found = patterns[index] }
        }
        return found
    }
}

/// One stop string, and how much of it the text ends with (Knuth, Morris and Pratt).
private struct StopPattern: Sendable {
    let text: String
    private let bytes: [UInt8]

    /// For each prefix, by its last index, the length of its longest proper prefix that is also its suffix.
    private let borders: [Int]

    private(set) var progress = 0

    var count: Int { bytes.count }

    var restarted: StopPattern {
        var copy = self
        copy.progress = 0
        return copy
    }

    init(_ text: String) {
        self.text = text
        let bytes = Array(text.utf8)
        var borders = Array(repeating: 0, count: bytes.count)
        for index in bytes.indices.dropFirst() {
            var length = borders[index - 1]
            while length > 0, bytes[length] != bytes[index] { length = borders[length - 1] }
            borders[index] = bytes[length] == bytes[index] ? length + 1 : 0
        }
        self.bytes = bytes
        self.borders = borders
    }

    /// Takes the next byte; true when it completes the stop string, after which no byte may follow.
    mutating func advance(over byte: UInt8) -> Bool {
        while progress > 0, bytes[progress] != byte { progress = borders[progress - 1] }
        if bytes[progress] == byte { progress += 1 }
        return progress == bytes.count
    }
}
