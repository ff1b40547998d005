import Testing
import WireFormat

@Suite("Requests and answers of embeddings, reranking and moderations")
struct EmbeddingFormatTests {
    private func embedding(_ body: String) throws -> EmbeddingRequest { try EmbeddingRequest(body: Array(body.utf8)) }

    @Test("each form of input is read as it is")
    func inputs() throws {
        #expect(try embedding(#"{"input":"a"}"#).input == .text("a"))
        #expect(try embedding(#"{"input":["a","b"]}"#).input == .texts(["a", "b"]))
        #expect(try embedding(#"{"input":[1,2.0]}"#).input == .tokens([1, 2]))
        let lists = try embedding(#"{"input":[[1],[2,3]]}"#).input
        #expect(lists == .tokenLists([[1], [2, 3]]))
        #expect(lists.parameter(1) == "input[1]" && TextInput.text("a").parameter(0) == "input")
    }

    @Test("parameters have OpenAI's defaults")
    func parameters() throws {
        let plain = try embedding(#"{"input":"a"}"#)
        #expect(plain.model == nil && plain.encodingFormat == .float && plain.dimensions == nil)
        let full = try embedding(
            #"{"input":"a","model":"m","encoding_format":"base64","dimensions":8,"user":"u","service_tier":"flex"}"#
        )
        #expect(full.model == "m" && full.encodingFormat == .base64 && full.dimensions == 8)
        #expect(full.serviceTier == .flex)
    }

    @Test("a vector is written in the shortest numbers that read back the same, or as bytes in base64")
    func vectors() {
        func list(_ format: EmbeddingRequest.EncodingFormat) -> String {
            EmbeddingList(model: "m", vectors: [[0.1, -1, 3e-8]], encodingFormat: format, promptTokens: 3).json.text
        }
        let usage = #""model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}"#
        let start = #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"#
        #expect(list(.float) == start + #"[0.1,-1.0,3e-08]}],"# + usage)
        #expect(list(.base64) == start + #""zczMPQAAgL9Z2QAz"}],"# + usage)
    }

    @Test("documents are texts, or objects with one")
    func documents() throws {
        let body =
            #"{"query":"q","documents":["a",{"text":"b"}],"top_n":1,"return_documents":true,"max_tokens_per_doc":9}"#
        let request = try RerankRequest(body: Array(body.utf8))
        #expect(request.query == "q" && request.documents == ["a", "b"] && request.count == 1)
        #expect(request.returnsDocuments && request.maximumTokens == 9)
    }

    @Test("a ranking says what its scores are where they are not a reranker's")
    func ranking() {
        func json(_ note: String?) -> String {
            let entries = [Ranking.Entry(index: 1, score: 0.5, text: "b")]
            return Ranking(id: "r", model: "m", entries: entries, promptTokens: 4, note: note).json.text
        }
        let start =
            #"{"id":"r","object":"list","model":"m","results":[{"index":1,"relevance_score":0.5,"document":{"text":"b"}}],"#
            + #""usage":{"prompt_tokens":4,"total_tokens":4},"meta":{"api_version":{"version":"2"},"#
            + #""tokens":{"input_tokens":4,"output_tokens":0}"#
        #expect(json(nil) == start + "}}")
        #expect(json("n") == start + #","warnings":["n"]},"note":"n"}"#)
    }

    @Test("what is moderated: texts each by itself, parts together")
    func moderated() throws {
        func texts(_ input: String) throws -> [String] {
            try ModerationRequest(body: Array(#"{"input":\#(input)}"#.utf8)).texts
        }
        #expect(try texts(#""a""#) == ["a"])
        #expect(try texts(#"["a",""]"#) == ["a", ""])
        #expect(try texts(#"[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#) == ["a\nb"])
    }

    @Test("a moderation has every category, found or not")
    func moderation() {
        let result = Moderation.Result(scores: [.hate: 0.75], flagged: [.hate])
        guard case .object(let object) = Moderation(id: "modr-1", model: "m", results: [result]).json,
            case .array(let results)? = object["results"], case .object(let first)? = results.first
        else {
            Issue.record("it has another form")
            return
        }
        #expect(first["flagged"] == true)
        for name in ["categories", "category_scores", "category_applied_input_types"] {
            guard case .object(let members)? = first[name] else {
                Issue.record("there is no \(name)")
                continue
            }
            #expect(members.members.map(\.key) == ModerationCategory.allCases.map(\.rawValue))
            #expect(members.members.count == 13)
        }
    }

    @Test(
        "what is wrong with a request is said",
        arguments: [
            Refusal(
                #"{"input":["a",""]}"#,
                "input[1]",
                "empty_string",
                "Invalid 'input[1]': empty string. Expected a string with minimum length 1, but got an empty string instead."
            ),
            Refusal(
                #"{"input":5}"#,
                "input",
                "invalid_type",
                "Invalid type for 'input': expected one of a string, array of strings, array of integers, or array of "
                    + "integer arrays, but got an integer instead."
            ),
            Refusal(
                #"{"input":"a","embd_normalize":1}"#,
                "embd_normalize",
                "unsupported_value",
                "Unsupported value: 'embd_normalize' does not support 1 on this server yet. Supported: 2."
            ),
        ]
    )
    func refused(refusal: Refusal) { refusal.check(EmbeddingRequest.self) }
}
