import Testing
import WireFormat

@Suite("Spoken chats")
struct ChatAudioTests {
    private static let audio = #""audio":{"voice":"nova","format":"mp3"}"#

    @Test("answers are spoken where audio is among the modalities")
    func read() throws {
        let spoken = try chatRequest(#""modalities":["text","audio"],"# + Self.audio)
        #expect(spoken.audio?.voice == .named("nova") && spoken.audio?.format == .mp3)
        let custom = try chatRequest(
            #""modalities":["audio","text"],"stream":true,"audio":{"voice":{"id":"voice_1"},"format":"pcm16"}"#
        )
        #expect(custom.audio?.voice == .custom("voice_1") && custom.audio?.format == .pcm16)
        for silent in [#""modalities":["text"]"#, #""modalities":null,"audio":null"#, #""modalities":["text","text"]"#]
        {
            #expect(try chatRequest(silent).audio == nil)
        }
    }

    @Test("a stream takes no format but pcm16, and says so")
    func streamed() {
        let error = #expect(throws: APIError.self) {
            try chatRequest(#""stream":true,"modalities":["text","audio"],"# + Self.audio)
        }
        #expect(error?.param == "audio.format" && error?.code == "unsupported_value")
        #expect(error?.message.hasSuffix("Supported: 'pcm16'.") == true)
    }

    @Test("an earlier answer stands for its text")
    func reference() throws {
        let turn = #"{"role":"assistant","content":null,"audio":{"id":"audio_1","transcript":"x","expires_at":1}}"#
        let json = #"{"messages":[{"role":"user","content":"a"},\#(turn),{"role":"user","content":"b"}]}"#
        let request = try ChatRequest(body: Array(json.utf8))
        #expect(
            request.conversation.turns[1].content == [
                .spoken(SpokenReference(id: "audio_1", path: "messages[1].audio.id"))
            ]
        )
    }

    private let header = ResponseHeader(id: "c", created: 1, model: "m", systemFingerprint: "f")

    @Test("a spoken message has its text in the transcript")
    func message() {
        var message = CollectedMessage(content: "Hi.")
        message.audio = SpokenAnswer(id: "audio_1", data: "AAA=", expiresAt: 9)
        let answer = ChatCompletion(
            header: header,
            choices: [ChatCompletion.Choice(index: 0, message: message)],
            usage: Usage(promptTokens: 1, completionTokens: 1)
        )
        #expect(
            answer.json.text.contains(
                #""message":{"role":"assistant","content":null,"refusal":null,"annotations":[],"#
                    + #""audio":{"id":"audio_1","data":"AAA=","transcript":"Hi.","expires_at":9}}"#
            )
        )
    }

    @Test("a stream tells the id once, and at last only until when")
    func chunks() {
        let chunks = ChatCompletionStream(header: header, includesUsage: false)
        func delta(_ json: JSONValue) -> Substring { json.text.split(separator: #""delta":"#)[1].prefix { $0 != "]" } }
        let rest = #","logprobs":null,"finish_reason":null}"#
        #expect(
            delta(chunks.opening(0, isSpoken: true)) == #"{"role":"assistant","content":null,"refusal":null}"# + rest
        )
        #expect(
            delta(chunks.transcript("Hi", id: "a", logprobs: [], 0)) == #"{"audio":{"id":"a","transcript":"Hi"}}"#
                + rest
        )
        #expect(delta(chunks.transcript("!", id: nil, logprobs: [], 0)) == #"{"audio":{"transcript":"!"}}"# + rest)
        #expect(delta(chunks.sound("AAA=", 0)) == #"{"audio":{"data":"AAA="}}"# + rest)
        #expect(delta(chunks.soundEnd(expiresAt: 9, 0)) == #"{"audio":{"expires_at":9}}"# + rest)
    }
}
