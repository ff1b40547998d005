import TestSupport
import Testing
import WireFormat

@Suite("Responses")
struct ResponseTests {
    private let chat = ResponseHeader(id: "chatcmpl-1", created: 1_700_000_000, model: "m", systemFingerprint: "fp_1")
    private let text = ResponseHeader(id: "cmpl-1", created: 1_700_000_000, model: "m", systemFingerprint: "fp_1")
    private let usage = Usage(promptTokens: 5, completionTokens: 2, cachedTokens: 3)

    private static let usageText =
        #"{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"#
        + #""prompt_tokens_details":{"cached_tokens":3,"audio_tokens":0},"#
        + #""completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"#
        + #""accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#

    private static let chunkStart =
        #"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","#
        + #""service_tier":"default","system_fingerprint":"fp_1","choices":["#

    private static let textStart =
        #"{"id":"cmpl-1","object":"text_completion","created":1700000000,"model":"m","system_fingerprint":"fp_1","#
        + #""choices":["#

    @Test("a chat completion is written as OpenAI writes it")
    func chatCompletion() {
        let completion = ChatCompletion(
            header: chat,
            choices: [
                .init(index: 0, message: CollectedMessage(content: "Hé \"you\"\n")),
                .init(index: 1, message: CollectedMessage(reason: .length)),
            ],
            usage: usage
        )
        let expected =
            #"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m","choices":["#
            + #"{"index":0,"message":{"role":"assistant","content":"Hé \"you\"\n","refusal":null,"annotations":[]},"#
            + #""logprobs":null,"finish_reason":"stop"},"#
            + #"{"index":1,"message":{"role":"assistant","content":"","refusal":null,"annotations":[]},"#
            + #""logprobs":null,"finish_reason":"length"}],"usage":"# + Self.usageText
            + #","service_tier":"default","system_fingerprint":"fp_1"}"#
        #expect(completion.json.text == expected)
    }

    @Test("chunks of a chat completion say usage only where it was asked for", arguments: [false, true])
    func chatChunks(includesUsage: Bool) {
        let stream = ChatCompletionStream(header: chat, includesUsage: includesUsage)
        let end = includesUsage ? #"],"usage":null}"# : "]}"
        #expect(
            stream.opening(0).text == Self.chunkStart
                + #"{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"#
                + #""logprobs":null,"finish_reason":null}"# + end
        )
        #expect(
            stream.chunk(.content("a", logprobs: []), 1).text == Self.chunkStart
                + #"{"index":1,"delta":{"content":"a"},"logprobs":null,"finish_reason":null}"# + end
        )
        #expect(
            stream.chunk(.end(.length), 2).text == Self.chunkStart
                + #"{"index":2,"delta":{},"logprobs":null,"finish_reason":"length"}"# + end
        )
        #expect(stream.usage(usage).text == Self.chunkStart + #"],"usage":"# + Self.usageText + "}")
    }

    @Test("answers tell the tier by which they are served; texts only where one was asked for")
    func serviceTier() {
        let header = ResponseHeader(id: "i", created: 1, model: "m", systemFingerprint: "f", serviceTier: .flex)
        let member = #""service_tier":"flex""#
        let texts = [
            ChatCompletion(header: header, choices: [], usage: usage).json.text,
            ChatCompletionStream(header: header, includesUsage: false).opening(0).text,
            Completion(header: header, choices: [], usage: usage).json.text,
            CompletionStream(header: header, includesUsage: false).content("a", 0).text,
        ]
        #expect(texts.allSatisfy { $0.contains(member) })
        #expect(!Completion(header: text, choices: [], usage: usage).json.text.contains("service_tier"))
    }

    @Test("a text completion is written as OpenAI writes it")
    func completion() {
        let completion = Completion(
            header: text,
            choices: [.init(index: 0, text: "a", finishReason: .stop)],
            usage: usage
        )
        #expect(
            completion.json.text == Self.textStart
                + #"{"text":"a","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":"# + Self.usageText + "}"
        )
    }

    @Test("chunks of a text completion say usage only where it was asked for", arguments: [false, true])
    func completionChunks(includesUsage: Bool) {
        let stream = CompletionStream(header: text, includesUsage: includesUsage)
        let end = includesUsage ? #"],"usage":null}"# : "]}"
        #expect(
            stream.content("a", 1).text == Self.textStart
                + #"{"text":"a","index":1,"logprobs":null,"finish_reason":null}"# + end
        )
        #expect(
            stream.closing(.stop, 0).text == Self.textStart
                + #"{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}"# + end
        )
        #expect(stream.usage(usage).text == Self.textStart + #"],"usage":"# + Self.usageText + "}")
    }

    @Test("models are written with what OpenAI tells first")
    func models() {
        let extras = JSONObject([("context_length", 2_048), ("id", "other")])
        let card = ModelCard(id: "m/1", created: 5, ownedBy: "me", extras: extras)
        let text = #"{"id":"m/1","object":"model","created":5,"owned_by":"me","context_length":2048}"#
        #expect(card.json.text == text)
        #expect(ModelList([card, card]).json.text == #"{"object":"list","data":["# + text + "," + text + "]}")
        #expect(ModelList([]).json.text == #"{"object":"list","data":[]}"#)
    }

    @Test("the server tells about itself")
    func service() {
        let about = About(
            name: "n",
            version: "1",
            description: "d",
            engines: [("e", "2")],
            models: ["m"],
            endpoints: ["GET /about"]
        )
        #expect(
            about.json.text
                == #"{"name":"n","version":"1","description":"d","engines":{"e":"2"},"models":["m"],"endpoints":["GET /about"]}"#
        )
        let health = Health(status: .loading, components: [.init(name: "m", status: .failed)])
        #expect(health.json.text == #"{"status":"loading","components":{"m":"failed"}}"#)
        #expect(Health(status: .ok).json.text == #"{"status":"ok","components":{}}"#)
    }

    @Test("ids have a prefix and 29 letters and digits, and differ")
    func ids() {
        var first = SplitMix64(seed: 1)
        var second = SplitMix64(seed: 1)
        let id = ResponseID.make("x-", using: &first)
        #expect(id == ResponseID.make("x-", using: &second))
        #expect(id != ResponseID.make("x-", using: &first))
        #expect(id.wholeMatch(of: /x-[0-9A-Za-z]{29}/) != nil)
        #expect(ResponseID.chatCompletion().wholeMatch(of: /chatcmpl-[0-9A-Za-z]{29}/) != nil)
        #expect(ResponseID.completion().wholeMatch(of: /cmpl-[0-9A-Za-z]{29}/) != nil)
        #expect(Set((0..<1_000).map { _ in ResponseID.completion() }).count == 1_000)
    }
}
