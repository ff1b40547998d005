/// A voice as clients see it.
package struct SpeechVoice: Sendable, Equatable {
    package let id: String
    /// One plain phrase.
    package let summary: String
    /// As espeak-ng speaks it; its language is what it speaks where nothing tells which.
    package let native: ESpeakVoice
    /// Whether it speaks its own language alone.
    package var hasOwnLanguage = false
}

/// The voices of espeak-ng: OpenAI's names, and its own.
package struct ESpeakVoices: Sendable {
    package let inventory: ESpeakInventory

    package init(_ inventory: ESpeakInventory) { self.inventory = inventory }

    /// OpenAI's names: each a variant with a pitch of its own, in any language.
    package static let openAI: [SpeechVoice] = [
        voice("alloy", "even, between low and high", "Alex", pitch: 70, range: 40),
        voice("ash", "low, clear", "m3", pitch: 42, range: 45),
        voice("ballad", "middle, moving", "m6", pitch: 62, range: 75),
        voice("coral", "high, full", "steph", pitch: 40, range: 60),
        voice("echo", "low, even", "m1", pitch: 50, range: 35),
        voice("fable", "middle, British where the language is English", "m7", pitch: 68, range: 70, language: "en-gb"),
        voice("onyx", "the lowest", "m8", pitch: 30, range: 40),
        voice("nova", "high, lively", "f3", pitch: 52, range: 70),
        voice("sage", "high, calm", "f1", pitch: 52, range: 25),
        voice("shimmer", "high, breathy", "f5", pitch: 52, range: 50),
        voice("verse", "middle, clear", "m2", pitch: 50, range: 60),
        voice("marin", "the highest", "linda", pitch: 66, range: 50),
        voice("cedar", "low, rough", "klatt2", pitch: 40, range: 55),
    ]

    private static func voice(
        _ id: String,
        _ summary: String,
        _ variant: String,
        pitch: Int,
        range: Int,
        language: String = "en-us"
    ) -> SpeechVoice {
        SpeechVoice(
            id: id,
            summary: summary,
            native: ESpeakVoice(language: language, variant: variant, pitch: pitch, range: range)
        )
    }

    /// All that have a name of their own; behind each of espeak-ng's may be a `+` and a variant.
    package var all: [SpeechVoice] {
        Self.openAI + inventory.languages.map(languageVoice)
    }

    /// The voice of a name: one of OpenAI's, or of espeak-ng's such as `de` or `en-us+f2`; nil where there is none.
    package func voice(_ id: String) -> SpeechVoice? {
        if let voice = Self.openAI.first(where: { $0.id == id }) { return voice }
        let parts = id.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let language = parts.first, inventory.languages.contains(language) else { return nil }
        guard parts.count > 1 else { return languageVoice(language) }
        guard inventory.variants.contains(parts[1]) else { return nil }
        return SpeechVoice(
            id: id,
            summary: "espeak-ng's voice for \(language), as \(parts[1])",
            native: ESpeakVoice(language: language, variant: parts[1]),
            hasOwnLanguage: true
        )
    }

    private func languageVoice(_ language: String) -> SpeechVoice {
        SpeechVoice(
            id: language,
            summary: "espeak-ng's voice for \(language)",
            native: ESpeakVoice(language: language),
            hasOwnLanguage: true
        )
    }
}

extension ESpeakVoices {
    /// A text, parted into pieces, each with its voice.
    ///
    /// - Parameters:
    ///   - text: As it came.
    ///   - voice: What speaks.
    ///   - language: The language's name, of the inventory; nil to guess it from the script of each piece.
    /// - Returns: No parts where there is nothing to say.
    package func utterance(_ text: String, voice: SpeechVoice, language: String?) -> Utterance<ESpeakVoice> {
        let text = SpeakableText.clean(text)
        let whole = language ?? (voice.hasOwnLanguage ? voice.native.language : guess(text) ?? voice.native.language)
        let pieces = SentenceSplitter.split(text, language: whole).filter { SpeakableText.isSpeakable($0.text) }
        let isFixed = language != nil || voice.hasOwnLanguage
        return Utterance(
            pieces.map { piece in
                var native = voice.native
                native.language = isFixed ? whole : own(of: piece.text, in: whole, voice)
                return Utterance.Part(piece, native)
            }
        )
    }

    /// The language of one piece of a text: what its own script tells, or Latin letters within a text of another script.
    private func own(of piece: String, in whole: String, _ voice: SpeechVoice) -> String {
        if let guessed = guess(piece) { return guessed }
        let letters = piece.unicodeScalars.count { $0.properties.isAlphabetic }
        return letters > 0 ? voice.native.language : whole
    }

    private func guess(_ text: String) -> String? {
        ScriptLanguage.guess(text).flatMap { inventory.languages.contains($0) ? $0 : nil }
    }
}
