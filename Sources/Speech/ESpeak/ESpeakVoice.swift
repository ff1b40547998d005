/// A voice in espeak-ng's own terms.
package struct ESpeakVoice: Sendable, Equatable {
    /// The language's voice, such as `en-us`.
    package var language: String
    /// How it is changed, such as `f2`; nil for as it is.
    package var variant: String?
    /// 0 to 100; 50 as the variant has it.
    package var pitch: Int
    /// How far the pitch moves, 0 to 100; 50 as the variant has it.
    package var range: Int

    package init(language: String, variant: String? = nil, pitch: Int = 50, range: Int = 50) {
        self.language = language
        self.variant = variant
        self.pitch = pitch
        self.range = range
    }

    /// As espeak-ng names it.
    var name: String { variant.map { "\(language)+\($0)" } ?? language }
}
