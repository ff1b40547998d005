import Testing
import WireFormat

@Suite("Samplers of llama.cpp and text-generation-webui")
struct SamplerParameterTests {
    private func samplers(_ rest: String) throws -> SamplerParameters {
        try completionRequest(rest).generation.samplers
    }

    @Test("both names of a parameter are read")
    func names() throws {
        for name in ["repeat_penalty", "repetition_penalty"] {
            #expect(try samplers("\"\(name)\":1.2").repeatPenalty == 1.2)
        }
        for name in ["repeat_last_n", "repetition_penalty_range"] {
            #expect(try samplers("\"\(name)\":-1").repeatLastCount == -1)
        }
        for name in ["mirostat", "mirostat_mode"] { #expect(try samplers("\"\(name)\":2").mirostat == 2) }
        #expect(try completionRequest(#""n_predict":5"#).generation.maximumTokens == 5)
        #expect(try completionRequest(#""n_predict":-1"#).generation.maximumTokens == .max)
        #expect(try completionRequest(#""max_tokens":0"#).generation.maximumTokens == 0)
        #expect(try completionRequest(#""seed":-1"#).generation.seed == nil)
    }

    @Test("samplers come in the order that is asked for")
    func order() throws {
        #expect(try samplers(#""samplers":["top_k","typ_p","typical_p"]"#).stages == [.topK, .typicalP, .typicalP])
        #expect(try samplers(#""temperature_last":true"#).stages == nil)
        let first = try #require(try samplers(#""temperature_last":false"#).stages)
        #expect(
            first.prefix(3) == [.penalties, .dry, .temperature] && Set(first) == Set(SamplerParameters.Stage.allCases)
        )
    }

    @Test("a range of temperatures is a middle and a distance")
    func dynamicTemperature() throws {
        let both = try samplers(#""dynamic_temperature":true,"dynatemp_low":0.5,"dynatemp_high":2"#)
        #expect(both.dynamicTemperature == 1.25 && both.dynamicTemperatureRange == 0.75)
        let off = try samplers(#""dynamic_temperature":false,"dynatemp_low":0.5,"dynatemp_high":2"#)
        #expect(off.dynamicTemperature == nil && off.dynamicTemperatureRange == nil)
        #expect(try samplers(#""dynatemp_range":0.25"#).dynamicTemperatureRange == 0.25)
    }

    @Test("breakers are a list, or texts in quotes")
    func breakers() throws {
        let expected = ["\n", ":"]
        #expect(try samplers(#""dry_sequence_breakers":["\n",":"]"#).dryBreakers == expected)
        #expect(try samplers(#""dry_sequence_breakers":"\"\\n\", \":\"""#).dryBreakers == expected)
        #expect(try samplers(#""dry_sequence_breakers":"[\"\\n\", \":\"]""#).dryBreakers == expected)
    }

    @Test("a grammar is taken as it is, an empty one as none")
    func grammar() throws {
        #expect(try samplers(#""grammar":"root ::= \"a\"""#).grammar == #"root ::= "a""#)
        #expect(try samplers(#""grammar":"""#).grammar == nil)
        #expect(try !samplers(#""grammar":"root ::= \"a\"""#).hasSamplers)
    }

    @Test(
        "what makes no sense is refused by its name",
        arguments: [
            Refusal.value(
                "mirostat",
                "3",
                "integer_above_max_value",
                "Invalid 'mirostat': integer above maximum value. Expected a value <= 2, but got 3 instead."
            ),
            .value(
                "repetition_penalty",
                #"1.1,"repeat_penalty":1.1"#,
                "invalid_value",
                "Invalid 'repetition_penalty': it is another name of 'repeat_penalty', which is there too."
            ),
            .value(
                "n_predict",
                #"5,"max_tokens":5"#,
                "invalid_value",
                "Invalid 'n_predict': it is another name of 'max_tokens', which is there too."
            ),
            .value(
                "temperature_last",
                #"true,"samplers":[]"#,
                "invalid_value",
                "Invalid 'temperature_last': 'samplers' says where the temperature comes."
            ),
            .value(
                "dynatemp_high",
                #"1,"dynatemp_low":2,"dynamic_temperature":true"#,
                "invalid_value",
                "Invalid 'dynatemp_high': it must not be less than 'dynatemp_low' (2.0)."
            ),
            .value(
                "dry_sequence_breakers",
                #""\\n, :""#,
                "invalid_value",
                "Invalid 'dry_sequence_breakers': it is no list of texts in quotes."
            ),
        ]
    )
    func refused(refusal: Refusal) {
        refusal.inside(completionStart).check(CompletionRequest.self)
        refusal.inside(chatStart).check(ChatRequest.self)
    }

    @Test("an unknown sampler is refused with those that there are")
    func unknownStage() throws {
        let error = #expect(throws: APIError.self) { try samplers(#""samplers":["top_k","luck"]"#) }
        #expect(error?.param == "samplers[1]" && error?.message.contains("top_n_sigma") == true)
    }
}

@Suite("Log-probabilities of text completions")
struct CompletionLogprobsTests {
    private func token(_ text: String, _ logprob: Double, _ top: [(String, Double)] = []) -> TokenLogprob {
        TokenLogprob(
            chosen: TokenLogprob.Entry(bytes: Array(text.utf8), logprob: logprob),
            top: top.map { TokenLogprob.Entry(bytes: Array($0.0.utf8), logprob: $0.1) }
        )
    }

    @Test("each list has an entry for every token, and the chosen one is always among the top ones")
    func lists() {
        var logprobs = CompletionLogprobs()
        logprobs.append(first: Array("Hé".utf8))
        logprobs.append(token("llo", -0.5, [("llo", -0.5), ("y", -1)]))
        logprobs.append(token(" you", -3, [("!", -0.25)]))
        #expect(
            logprobs.json.text
                == #"{"tokens":["Hé","llo"," you"],"token_logprobs":[null,-0.5,-3.0],"#
                + #""top_logprobs":[null,{"llo":-0.5,"y":-1.0},{"!":-0.25," you":-3.0}],"text_offset":[0,2,5]}"#
        )
    }

    @Test("parts of characters are bytes, at the place where their character begins; what follows goes on from there")
    func bytes() {
        var logprobs = CompletionLogprobs(offset: 3)
        let bytes = Array("é".utf8)
        for byte in bytes {
            logprobs.append(TokenLogprob(chosen: .init(bytes: [byte], logprob: -.infinity), top: []))
        }
        var rest = logprobs.successor
        rest.append(token("a", -1))
        logprobs.append(contentsOf: rest)
        #expect(
            logprobs.json.text
                == #"{"tokens":["bytes:\\xc3","bytes:\\xa9","a"],"token_logprobs":[-9999.0,-9999.0,-1.0],"#
                + #""top_logprobs":[{"bytes:\\xc3":-9999.0},{"bytes:\\xa9":-9999.0},{"a":-1.0}],"text_offset":[3,3,4]}"#
        )
    }
}
