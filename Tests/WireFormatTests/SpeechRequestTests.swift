import Testing
import WireFormat

@Suite("Requests and events of speech")
struct SpeechRequestTests {
    private func speech(_ body: String) throws -> SpeechRequest { try SpeechRequest(body: Array(body.utf8)) }

    @Test("parameters have OpenAI's defaults, and other clients' names")
    func parameters() throws {
        let plain = try speech(#"{"input":"a"}"#)
        #expect(
            plain.voice == .named("alloy") && plain.format == .mp3 && plain.streamFormat == .audio && plain.speed == 1
        )
        #expect(plain.model == nil && plain.language == nil)
        let full = try speech(
            #"{"input":"a","model":"tts-1","voice":{"id":"voice_1"},"response_format":"opus","stream_format":"sse","speed":2,"language":"de","instructions":"","stream":true}"#
        )
        #expect(
            full.voice == .custom("voice_1") && full.format == .opus && full.streamFormat == .sse && full.speed == 2
        )
        #expect(full.language == "de" && full.model == "tts-1")
        #expect(try speech(#"{"input":"a","format":"wav"}"#).format == .wav)
        #expect(try speech(#"{"input":"a","format":"wav","response_format":"pcm"}"#).format == .pcm)
    }

    @Test(
        "what is wrong is named",
        arguments: [
            ("{}", "input", "missing_required_parameter"), (#"{"input":""}"#, "input", "empty_string"),
            (#"{"input":["a"]}"#, "input", "invalid_type"),
            (#"{"input":"a","speed":0.2}"#, "speed", "decimal_below_min_value"),
            (#"{"input":"a","speed":4.1}"#, "speed", "decimal_above_max_value"),
            (#"{"input":"a","response_format":"ogg"}"#, "response_format", "invalid_value"),
            (#"{"input":"a","stream_format":"x"}"#, "stream_format", "invalid_value"),
            (#"{"input":"a","voice":5}"#, "voice", "invalid_type"),
            (#"{"input":"a","voice":{}}"#, "voice.id", "missing_required_parameter"),
            (#"{"input":"a","instructions":"sing"}"#, "instructions", "unsupported_parameter"),
            (#"{"input":"a","pitch":1}"#, "pitch", "unknown_parameter"),
        ]
    )
    func refusals(_ body: String, _ param: String, _ code: String) {
        let error = #expect(throws: APIError.self) { try speech(body) }
        #expect(error?.status == 400 && error?.param == param && error?.code == code)
    }

    @Test("the length is counted in characters")
    func length() throws {
        let request = try speech(#"{"input":"äöü"}"#)
        try request.checkLength(limit: 3)
        let error = #expect(throws: APIError.self) { try request.checkLength(limit: 2) }
        #expect(error?.param == "input" && error?.code == "string_above_max_length")
    }

    @Test("events are OpenAI's")
    func events() {
        #expect(SpeechStreamEvent.delta(audio: "AAA=").json.text == #"{"type":"speech.audio.delta","audio":"AAA="}"#)
        #expect(
            SpeechStreamEvent.done(inputTokens: 3, outputTokens: 4).json.text
                == #"{"type":"speech.audio.done","usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}}"#
        )
    }

    @Test("a form's files are files, and its fields are not")
    func forms() throws {
        let file = FormFile(part: 2)
        let json: JSONValue = ["name": "n", "audio_sample": file.json, "consent": "cons_1"]
        #expect(try VoiceRequest(json: json).sample == file)
        let text = #expect(throws: APIError.self) {
            try VoiceRequest(json: ["name": "n", "audio_sample": "text", "consent": "cons_1"])
        }
        #expect(text?.param == "audio_sample" && text?.code == "invalid_type")
        let prompt = #expect(throws: APIError.self) {
            try VoiceRequest(json: ["name": "n", "type": "prompt", "prompt": "warm"])
        }
        #expect(prompt?.param == "type" && prompt?.code == "unsupported_value")
    }
}
