/// What an espeak-ng can speak.
package struct ESpeakInventory: Sendable, Equatable {
    package var version: String
    /// Of its sound, in Hz.
    package var sampleRate: Int
    /// The languages it speaks, as it names them: `en-us`, `de`, `fr-fr`.
    package var languages: [String] = []
    /// How a voice can be changed: `f2`, `m3`, `whisper`.
    package var variants: [String] = []

    package init(version: String, sampleRate: Int, languages: [String] = [], variants: [String] = []) {
        self.version = version
        self.sampleRate = sampleRate
        self.languages = languages
        self.variants = variants
    }

    /// As lines of text; the languages and variants with spaces between.
    var lines: String {
        [version, "\(sampleRate)", languages.joined(separator: " "), variants.joined(separator: " ")]
            .joined(separator: "\n")
    }

    init?(lines: String) {
        let lines = lines.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 4, let rate = Int(lines[1]), rate > 0 else { return nil }
        let words = { (line: String) in line.split(separator: " ").map(String.init) }
        self.init(version: lines[0], sampleRate: rate, languages: words(lines[2]), variants: words(lines[3]))
    }
}

extension ESpeakInventory {
    /// What others call languages that espeak-ng names otherwise.
    private static let otherNames = [
        "en": "en-us", "en-uk": "en-gb", "fr": "fr-fr", "zh": "cmn", "zh-cn": "cmn", "zh-tw": "cmn", "zh-hans": "cmn",
        "zh-hant": "cmn", "zh-hk": "yue",
        "no": "nb", "nn": "nb", "iw": "he", "in": "id", "es-mx": "es-419", "es-ar": "es-419",
        "es-co": "es-419", "es-us": "es-419",
    ]

    /// Its name of a language, by a code such as `de`, `de-AT` or `pt_BR`; nil where it does not speak it.
    package func language(_ code: String) -> String? {
        var code = code.lowercased().replacing("_", with: "-")
        while !code.isEmpty {
            if let name = Self.otherNames[code], languages.contains(name) { return name }
            if languages.contains(code) { return code }
            guard let end = code.lastIndex(of: "-") else { return nil }
            code = String(code[..<end])
        }
        return nil
    }
}
