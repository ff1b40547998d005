/// Makes the ids of answers.
package enum ResponseID {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

    /// An id such as `chatcmpl-` and 29 letters and digits.
    package static func chatCompletion() -> String { make("chatcmpl-") }

    /// An id such as `cmpl-` and 29 letters and digits.
    package static func completion() -> String { make("cmpl-") }

    /// An id such as `call_` and 29 letters and digits.
    package static func call() -> String { make("call_") }

    /// A prefix and 29 letters and digits, which are some 172 random bits.
    package static func make(_ prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        return make(prefix, using: &generator)
    }

    /// A prefix and 29 letters and digits from `generator`.
    package static func make(_ prefix: String, using generator: inout some RandomNumberGenerator) -> String {
        var id = prefix
        for _ in 0..<29 {
            id.append(alphabet[Int.random(in: alphabet.indices, using: &generator)])
        }
        return id
    }
}
