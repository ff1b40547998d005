import Testing

@testable import WireFormat

@Suite("What is likely next")
struct LogitsTests {
    @Test("defaults are text-generation-webui's, and samplers are read")
    func defaults() throws {
        let plain = try LogitsRequest(json: ["prompt": "x"])
        #expect(plain.count == 50 && !plain.usesSamplers && plain.model == nil)
        let drawn = try LogitsRequest(json: ["prompt": "x", "use_samplers": true, "top_k": 3, "typical_p": 0.5])
        #expect(drawn.usesSamplers && drawn.generation.topK == 3 && drawn.generation.samplers.typicalP == 0.5)
    }

    @Test("what belongs to whole answers is unknown here", arguments: ["stop", "n", "stream", "n_predict", "logprobs"])
    func unknown(name: String) {
        let json = JSONValue.object(JSONObject([("prompt", "x"), (name, 1)]))
        #expect(throws: APIError.self) { try LogitsRequest(json: json) }
    }

    @Test("tokens of the same text are told once, pieces of characters by their bytes")
    func distribution() {
        var tokens = TokenDistribution()
        tokens.append(Array("a".utf8), probability: 0.5)
        tokens.append([0xC3], probability: 0.25)
        tokens.append(Array("a".utf8), probability: 0.125)
        #expect(tokens.json == ["a": 0.625, "bytes:\\xc3": 0.25])
    }
}
