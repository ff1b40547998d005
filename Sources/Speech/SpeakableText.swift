/// Text as synthesizers get it.
package enum SpeakableText {
    /// Longer words are parted: espeak-ng keeps words in buffers of a fixed size.
    static let longestWord = 60
    /// More marks on one letter, or more of the same character in a row, are dropped.
    static let mostMarks = 3
    static let mostRepeats = 8

    /// The text without what can't be spoken or is no text.
    ///
    /// Control characters go (U+0001 would begin a command to espeak-ng, U+0000 end the text), as do private, unassigned and
    /// formatting ones; all spaces become U+0020, all line ends U+000A. Very long words are parted by spaces, and endless repetitions
    /// shortened.
    package static func clean(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var word = 0
        var marks = 0
        var repeats = 0
        var last: Unicode.Scalar = " "
        for scalar in text.replacing("\r\n", with: "\n").unicodeScalars {
            guard let kept = character(scalar) else { continue }
            marks = kept.isMark ? marks + 1 : 0
            repeats = kept == last ? repeats + 1 : 0
            last = kept
            if marks > mostMarks || repeats >= mostRepeats && !kept.isDigit { continue }
            word = kept == " " || kept == "\n" ? 0 : word + 1
            if word > longestWord, !kept.isMark {
                result.append(" ")
                word = 1
            }
            result.append(kept)
        }
        return String(result)
    }

    /// Whether there is anything that a voice could say: a letter, a digit or a symbol.
    package static func isSpeakable(_ text: String) -> Bool {
        text.unicodeScalars.contains { scalar in
            switch scalar.properties.generalCategory {
            case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .nonspacingMark,
                .enclosingMark,
                .spacingMark, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
                .finalPunctuation, .connectorPunctuation:
                false
            case .otherPunctuation: "&@#%*/\\§¶".unicodeScalars.contains(scalar)
            default: true
            }
        }
    }

    /// What stands for a character; nil for nothing.
    private static func character(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar {
        case "\n", "\r", "\u{B}", "\u{C}", "\u{85}", "\u{2028}", "\u{2029}": return "\n"
        case "\t": return " "
        // Joiners change letters of Indic scripts and Persian.
        case "\u{200C}", "\u{200D}": return scalar
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .surrogate, .unassigned: return nil
        case .spaceSeparator: return " "
        default: return scalar
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    fileprivate var isDigit: Bool { properties.generalCategory == .decimalNumber }
}
