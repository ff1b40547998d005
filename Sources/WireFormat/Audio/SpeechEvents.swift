/// The events of speech that is streamed as events.
package enum SpeechStreamEvent: JSONRepresentable, Sendable, Equatable {
    /// The next bytes of the file, in base64.
    case delta(audio: String)
    /// The file is complete.
    case done(inputTokens: Int, outputTokens: Int)

    package var json: JSONValue {
        switch self {
        case .delta(let audio): ["type": "speech.audio.delta", "audio": .string(audio)]
        case .done(let input, let output):
            [
                "type": "speech.audio.done",
                "usage": [
                    "input_tokens": JSONValue(input),
                    "output_tokens": JSONValue(output),
                    "total_tokens": JSONValue(input + output),
                ],
            ]
        }
    }
}
