/// Makes words of tokens that have times.
struct WordTimes {
    /// Punctuation that belongs to the word after it, or before it, as in OpenAI's whisper/timing.py.
    private static let opening: Set<Character> = ["\"", "'", "“", "¿", "(", "[", "{", "-"]
    private static let closing: Set<Character> = [
        "\"", "'", ".", "。", ",", "，", "!", "！", "?", "？", ":", "：", "”", ")", "]", "}", "、",
    ]
    /// Languages that are written without spaces: each character is a word.
    private static let spaceless: Set = ["zh", "ja", "th", "lo", "my", "yue"]

    /// A run of tokens that are whole characters together.
    fileprivate struct Part {
        var text: String
        var span: Range<Double>
        var logprobs: [Float]
    }

    let language: WhisperLanguage

    /// The words of a segment's tokens; those without times are left out.
    func words(_ tokens: [TranscribedToken]) -> [TranscribedWord] {
        var words: [Part] = []
        let splitsCharacters = Self.spaceless.contains(language.code)
        for part in parts(tokens) {
            let isNew = words.isEmpty || part.text.hasPrefix(" ") || splitsCharacters
            if isNew {
                words.append(part)
            } else {
                words[words.count - 1].append(part)
            }
        }
        return joinPunctuation(words).compactMap(\.word)
    }

    private func parts(_ tokens: [TranscribedToken]) -> [Part] {
        var parts: [Part] = []
        var bytes: [UInt8] = []
        var span: Range<Double>?
        var logprobs: [Float] = []
        func flush() {
            if let span, !bytes.isEmpty {
                parts.append(Part(text: String(decoding: bytes, as: UTF8.self), span: span, logprobs: logprobs))
            }
            (bytes, span, logprobs) = ([], nil, [])
        }
        for token in tokens where !token.isSpecial {
            guard let own = token.span else { continue }
            bytes += token.text
            span = span.map { $0.lowerBound..<max($0.upperBound, own.upperBound) } ?? own
            logprobs.append(token.logprob)
            if String(validating: bytes, as: UTF8.self) != nil { flush() }
        }
        // What never became a character is not lost.
        flush()
        return parts
    }

    private func joinPunctuation(_ words: [Part]) -> [Part] {
        var result: [Part] = []
        var held: Part?
        for var word in words {
            let text = word.text.trimmed
            if let before = held {
                word.prepend(before)
                held = nil
            }
            if !text.isEmpty, text.allSatisfy(Self.closing.contains), !result.isEmpty, word.text.trimmed == text,
                !word.text.hasPrefix(" ")
            {
                result[result.count - 1].append(word)
            } else if !text.isEmpty, text.allSatisfy(Self.opening.contains), word.text.hasPrefix(" ") {
                held = word
            } else if text.isEmpty, !result.isEmpty {
                result[result.count - 1].append(word)
            } else {
                result.append(word)
            }
        }
        if let held { result.append(held) }
        return result
    }
}

extension WordTimes.Part {
    fileprivate mutating func append(_ other: Self) {
        text += other.text
        span = span.lowerBound..<max(span.upperBound, other.span.upperBound)
        logprobs += other.logprobs
    }

    fileprivate mutating func prepend(_ other: Self) {
        text = other.text + text
        span = min(span.lowerBound, other.span.lowerBound)..<span.upperBound
        logprobs = other.logprobs + logprobs
    }

    fileprivate var word: TranscribedWord? {
        let plain = text.trimmed
        guard !plain.isEmpty else { return nil }
        let mean = logprobs.reduce(0) { $0 + Double($1) } / Double(max(logprobs.count, 1))
        return TranscribedWord(text: plain, start: span.lowerBound, end: span.upperBound, probability: mean.exponential)
    }
}

extension String {
    /// Without spaces around it.
    fileprivate var trimmed: String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
