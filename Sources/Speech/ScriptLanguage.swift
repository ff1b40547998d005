/// Guesses a language from the script of a text.
package enum ScriptLanguage {
    /// The language of the script that most letters are of; nil for Latin letters, which tell nothing, and for none.
    ///
    /// - Returns: A code of espeak-ng's.
    package static func guess(_ text: String) -> String? {
        var counts: [String: Int] = [:]
        var latin = 0
        var kana = false
        for scalar in text.unicodeScalars where scalar.properties.isAlphabetic {
            guard let script = scripts.first(where: { $0.range.contains(scalar.value) }) else {
                if vietnamese.contains(scalar) { return "vi" }
                latin += 1
                continue
            }
            counts[script.language, default: 0] += 1
            if script.language == "ja" { kana = true }
        }
        // Japanese is written in Chinese characters, too.
        if kana { counts["ja", default: 0] += counts.removeValue(forKey: "cmn") ?? 0 }
        guard let best = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }), best.value > latin else {
            return nil
        }
        switch best.key {
        case "ru": return cyrillic(text)
        case "ar": return arabic(text)
        default: return best.key
        }
    }

    private static func cyrillic(_ text: String) -> String {
        let letters = Set(text.lowercased())
        if !letters.isDisjoint(with: "ґєії") { return letters.contains("ў") ? "be" : "uk" }
        if letters.contains("ў") { return "be" }
        if !letters.isDisjoint(with: "ђћџљњј") { return letters.contains("ѓ") || letters.contains("ќ") ? "mk" : "sr" }
        if !letters.isDisjoint(with: "әғқңөұүһ") { return letters.contains("қ") ? "kk" : "tt" }
        // Bulgarian has ъ often, and none of the letters ы, э, ё.
        return letters.contains("ъ") && letters.isDisjoint(with: "ыэё") ? "bg" : "ru"
    }

    private static func arabic(_ text: String) -> String {
        let letters = Set(text.unicodeScalars)
        if !letters.isDisjoint(with: "ٹڈڑںےہ".unicodeScalars) { return "ur" }
        return letters.isDisjoint(with: "پچژگی".unicodeScalars) ? "ar" : "fa"
    }

    /// Letters that Vietnamese alone has.
    private static let vietnamese = Set("ơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ".unicodeScalars)

    private static let scripts: [(range: ClosedRange<UInt32>, language: String)] = [
        (0x0370...0x03FF, "el"), (0x1F00...0x1FFF, "el"), (0x0400...0x052F, "ru"), (0x0531...0x058F, "hy"),
        (0x0590...0x05FF, "he"), (0x0600...0x077F, "ar"), (0xFB50...0xFDFF, "ar"), (0xFE70...0xFEFF, "ar"),
        (0x0900...0x097F, "hi"), (0x0980...0x09FF, "bn"), (0x0A00...0x0A7F, "pa"), (0x0A80...0x0AFF, "gu"),
        (0x0B00...0x0B7F, "or"), (0x0B80...0x0BFF, "ta"), (0x0C00...0x0C7F, "te"), (0x0C80...0x0CFF, "kn"),
        (0x0D00...0x0D7F, "ml"), (0x0D80...0x0DFF, "si"), (0x0E00...0x0E7F, "th"), (0x1000...0x109F, "my"),
        (0x10A0...0x10FF, "ka"), (0x1200...0x139F, "am"), (0x13A0...0x13FF, "chr"), (0x1100...0x11FF, "ko"),
        (0x3130...0x318F, "ko"), (0xAC00...0xD7AF, "ko"), (0x3040...0x30FF, "ja"), (0x31F0...0x31FF, "ja"),
        (0x3105...0x312F, "cmn"), (0x3400...0x4DBF, "cmn"), (0x4E00...0x9FFF, "cmn"), (0xF900...0xFAFF, "cmn"),
        (0x20000...0x2FA1F, "cmn"),
    ]
}
