import Testing

@testable import WireFormat

@Suite("Transcriptions")
struct TranscriptionTests {
    private func segment(_ start: Double, _ end: Double, _ text: String) -> TranscriptionObject.Segment {
        TranscriptionObject.Segment(
            id: 0,
            seek: 0,
            start: start,
            end: end,
            text: text,
            tokens: [1],
            temperature: 0,
            averageLogprob: -0.5,
            compressionRatio: 1,
            noSpeechProbability: 0
        )
    }

    private func decode(_ members: [(String, JSONValue)]) throws(APIError) -> TranscriptionRequest {
        try TranscriptionRequest(json: .object(JSONObject([("file", FormFile(part: 0).json)] + members)))
    }

    @Test("subtitles have the times and forms of their kind")
    func subtitles() {
        let segments = [segment(0, 1.5, " One.\n"), segment(3661.0005, 3662.25, " a --> b")]
        #expect(
            Subtitles.srt(segments)
                == "1\n00:00:00,000 --> 00:00:01,500\nOne.\n\n2\n01:01:01,001 --> 01:01:02,250\na --> b\n\n"
        )
        #expect(
            Subtitles.vtt(segments)
                == "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nOne.\n\n01:01:01.001 --> 01:01:02.250\na -> b\n\n"
        )
        #expect(Subtitles.srt([]).isEmpty && Subtitles.vtt([]) == "WEBVTT\n\n")
    }

    @Test("fields of a form are read as what they stand for")
    func fields() throws {
        let request = try decode([
            ("temperature", "0.5"), ("stream", "true"), ("language", ""), ("keywords", ["a", ""]), ("languages", "de"),
            ("chunking_strategy", #"{"type": "server_vad", "silence_duration_ms": 100}"#),
        ])
        #expect(request.temperature == 0.5 && request.streams && request.language == nil)
        #expect(request.keywords == ["a"] && request.languages == ["de"] && request.granularities == [.segment])
        let numbers = TranscriptionRequest.ServerVAD(threshold: 0.5, prefixPadding: 300, silenceDuration: 100)
        #expect(request.chunking == .serverVAD(numbers))
        #expect(try decode([("chunking_strategy", "auto")]).chunking == .auto)
        #expect(throws: APIError.self) { try decode([("stream", "1.5")]) }
        #expect(throws: APIError.self) { try TranscriptionRequest(json: [:]) }
        #expect(throws: APIError.self) {
            try TranslationRequest(json: ["file": FormFile(part: 0).json, "language": "de"])
        }
    }
}
