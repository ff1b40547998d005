import Testing
import WireFormat

@Suite("JSON schemas")
struct JSONSchemaTests {
    /// The schema as the conversation holds it.
    private func checked(_ schema: String, isStrict: Bool = true) throws -> String {
        let format = #"{"type":"json_schema","json_schema":{"name":"n","strict":\#(isStrict),"schema":\#(schema)}}"#
        guard
            case .jsonSchema(let schema, _) = try chatRequest("\"response_format\":\(format)").conversation
                .responseFormat
        else { return "" }
        return schema.text
    }

    @Test(
        "what is enforced as it is stays as it is",
        arguments: [
            #"{"type":"object","properties":{"a":{"type":"string","description":"d"},"b":{"type":["integer","null"]}},"required":["a","b"],"additionalProperties":false}"#,
            #"{"type":"array","items":{"enum":["x",1,null]},"minItems":1,"maxItems":3}"#,
            ##"{"$defs":{"a":{"type":"string","format":"uuid"}},"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}"##,
            #"{"type":"object","additionalProperties":{"type":"integer"}}"#, #"{"const":{"a":[1]}}"#, "{}",
            #"{"type":"string","minLength":1,"maxLength":5}"#, #"{"type":"integer"}"#,
            ##"{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}]}},"$defs":{"n":{"type":"object","properties":{"next":{"$ref":"#/$defs/n"}}}}}"##,
        ]
    )
    func kept(schema: String) throws {
        #expect(try checked(schema) == schema)
    }

    @Test(
        "what a grammar can't say is written so that it is valid all the same",
        arguments: [
            (#"{"type":"integer","minimum":105}"#, #"{"type":"integer","minimum":105,"maximum":999999999999999}"#),
            (
                #"{"type":"integer","exclusiveMinimum":0,"maximum":9.5}"#,
                #"{"type":"integer","minimum":1,"maximum":9}"#
            ),
            (
                #"{"type":"object","properties":{"a":{}},"additionalProperties":true}"#,
                #"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#
            ),
            (
                #"{"type":"object","properties":{},"required":["a"]}"#,
                #"{"type":"object","properties":{"a":{}},"required":["a"]}"#
            ),
            (#"{"properties":{"a":true}}"#, #"{"properties":{"a":{}},"type":"object"}"#),
            (#"{"allOf":[{"type":"string"}],"title":"t"}"#, #"{"type":"string"}"#),
            (
                #"{"type":"array","prefixItems":[{"type":"null"}],"items":false}"#,
                #"{"type":"array","prefixItems":[{"type":"null"}]}"#
            ),
            (
                #"{"type":"string","pattern":"^a-\\d+$"}"#,
                #"{"type":"string","pattern":"^a-\\d+$","$grammar":"\"\\x22\" (\"a\" \"\\x2D\" [0-9]+) \"\\x22\""}"#
            ),
            (
                #"{"type":["null","number"],"maximum":-99999999999999,"$grammar":"mine"}"#,
                #"{"type":["null","number"],"maximum":-99999999999999,"$grammar":["null",{"type":"number","$grammar":"\"-\" (\"9\" \"9\" \"9\" \"9\" \"9\" \"9\" \"9\" \"9\" \"9\" \"9\" \"9\" \"9\" \"9\" \"9\" (\".\" [0-9]{1,1})? | [1-9] [0-9]{14})"}]}"#
            ),
            (
                #"{"oneOf":[{"type":"object","properties":{"k":{"const":"a"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"b"}},"required":["k"]}]}"#,
                #"{"oneOf":[{"type":"object","properties":{"k":{"const":"a"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"b"}},"required":["k"]}]}"#
            ),
            (
                ##"{"type":"object","properties":{"up":{"$ref":"#"}}}"##,
                ##"{"type":"object","properties":{"up":{"$ref":"#/$defs/the-root-itself"}},"$defs":{"the-root-itself":{"type":"object","properties":{"up":{"$ref":"#/$defs/the-root-itself"}}}}}"##
            ),
        ]
    )
    func rewritten(schema: String, written: String) throws {
        #expect(try checked(schema) == written)
    }

    @Test(
        "what can't be enforced is refused in a strict schema, and passed over elsewhere",
        arguments: [
            ("uniqueItems", #"{"type":"array","uniqueItems":true}"#), ("contains", #"{"type":"array","contains":{}}"#),
            ("not", #"{"not":{"type":"null"}}"#), ("if", #"{"if":{},"then":{}}"#),
            ("patternProperties", #"{"type":"object","patternProperties":{"a":{}}}"#),
            ("propertyNames", #"{"type":"object","propertyNames":{}}"#),
            ("dependentRequired", #"{"type":"object","dependentRequired":{}}"#),
            ("multipleOf", #"{"type":"integer","multipleOf":12345}"#),
            ("multipleOf", #"{"type":"number","multipleOf":1e-9}"#), ("minimum", #"{"minimum":0}"#),
            ("minProperties", #"{"type":"object","minProperties":1}"#),
            ("maxProperties", #"{"type":"object","properties":{"a":{},"b":{}},"maxProperties":1}"#),
            ("format", #"{"type":"string","format":"uri-template"}"#),
            ("minLength", #"{"type":"string","format":"date","minLength":3}"#),
            ("maxLength", #"{"type":"string","pattern":"^a*$","maxLength":3}"#),
            ("pattern", #"{"type":"string","pattern":"(?=x)"}"#), ("pattern", #"{"type":"string","pattern":"\\bx"}"#),
            ("oneOf", #"{"oneOf":[{"type":"string"},{"type":"string","minLength":1}]}"#),
            ("allOf", #"{"allOf":[{"type":"object"},{"type":"object"}]}"#),
            ("type", #"{"type":"object","anyOf":[{"required":["a"]},{"required":["b"]}]}"#),
            ("minimum", ##"{"$ref":"#/$defs/a","minimum":1,"$defs":{"a":{"type":"integer"}}}"##),
            ("minLength", #"{"enum":["a","bb"],"minLength":2}"#), ("unevaluatedItems", #"{"unevaluatedItems":{}}"#),
            ("false", #"{"type":"object","properties":{"a":false}}"#),
        ]
    )
    func refused(keyword: String, schema: String) throws {
        let error = #expect(throws: APIError.self) { try checked(schema) }
        #expect(error?.param == "response_format.json_schema.schema")
        #expect(error?.code == "invalid_schema")
        #expect(error?.message.contains("'\(keyword)'") == true)
        _ = try checked(schema, isStrict: false)
    }

    @Test(
        "what is no schema is refused",
        arguments: [
            #"{"type":"robot"}"#, #"{"type":["string","string"]}"#, #"{"type":[]}"#, #"{"properties":[]}"#,
            ##"{"properties":{"a":1}}"##, ##"{"enum":[]}"##, ##"{"anyOf":[]}"##, ##"{"$ref":"#/nowhere"}"##,
            ##"{"$ref":1}"##,
            #"{"$ref":"https://example.org"}"#, #"{"type":"integer","minimum":2,"maximum":1}"#,
            #"{"type":"string","minLength":2,"maxLength":1}"#, #"{"type":"integer","minimum":"a"}"#,
            #"{"type":"number","minimum":2,"maximum":1}"#, #"{"type":"number","exclusiveMinimum":1,"maximum":1}"#,
            #"{"type":"integer","minimum":1,"maximum":6,"multipleOf":7}"#, #"{"type":"number","multipleOf":0}"#,
            #"{"type":"number","minimum":1e15}"#, #"{"type":"integer","multipleOf":-1}"#, "[]", "1", "true",
        ]
    )
    func malformed(schema: String) {
        for isStrict in [true, false] {
            let error = #expect(throws: APIError.self) { try checked(schema, isStrict: isStrict) }
            #expect(error?.status == 400 && error?.param?.hasPrefix("response_format.json_schema.schema") == true)
        }
    }

    @Test("what would explode is refused")
    func bounds() {
        let many = (0..<300).map { "\"p\($0)\":{}" }.joined(separator: ",")
        let types = String(repeating: #"{"type":"array","items":"#, count: 6_000)
        let long = String(repeating: "n", count: 40_000)
        let wide = (0..<200).map { "\"p\($0)\":{\"type\":\"string\"}" }.joined(separator: ",")
        for schema in [
            #"{"type":"object","properties":{\#(many)}}"#,
            "{\"anyOf\":[\(Array(repeating: "{}", count: 5_001).joined(separator: ","))]}",
            #"{"type":"object","properties":{"\#(long)":{"type":"object","properties":{\#(wide)}}}}"#, types,
        ] {
            #expect(throws: APIError.self) { try checked(schema, isStrict: false) }
        }
    }

    @Test(
        "patterns become grammars of texts as JSON writes them",
        arguments: [
            ("^abc$", #""a" "b" "c""#), ("^a[b\"]c$", #""a" ([b] | "\x5C" [\x22]) "c""#),
            (#"^"\\$"#, #""\x5C\x22" "\x5C\x5C""#),
            ("^(?:a|b)?$", #"("a" | "b")?"#), (#"^\w{2,3}?$"#, "[0-9A-Z\\x5Fa-z]{2,3}"),
            ("^a$|^b$", #"("a" | "b")"#), (#"^\n\u00e9$"#, #""\x5Cn" "\xE9""#), ("^x{3}$", #""x"{3,3}"#),
            ("^(?<year>[0-9]+)$", "([0-9]+)"), ("^(?P<year>[0-9]+)$", "([0-9]+)"), ("^(|a)$", #"("" | "a")"#),
            ("(?i)^a1$", #"[Aa] "1""#), ("^(?i:a[b-c])a$", #"([Aa] [B-Cb-c]) "a""#),
        ]
    )
    func patterns(source: String, written: String) throws {
        let schema = JSONValue.object(JSONObject([("type", "string"), ("pattern", .string(source))]))
        guard case .object(let checked) = try JSONValue.parse(try checked(schema.text)) else { return }
        #expect(checked["pattern"] == .string(source))
        #expect(checked["$grammar"] == .string(#""\x22" ("# + written + #") "\x22""#))
    }

    @Test("a pattern without anchors may stand anywhere")
    func search() throws {
        guard case .object(let object) = try JSONValue.parse(try checked(#"{"type":"string","pattern":"ab"}"#)),
            case .string(let grammar)? = object["$grammar"]
        else { return #expect(Bool(false)) }
        #expect(grammar.contains(#"])* "a" "b" (["#) && grammar.hasSuffix(#"])*) "\x22""#), "\(grammar)")
    }

    @Test(
        "malformed patterns are refused",
        arguments: ["(", ")", "[a", "a**", "*", "a{2,1}", "a{9999}", #"\\"#, "a^b"]
    )
    func badPatterns(source: String) {
        let schema = JSONValue.object(
            JSONObject([("type", "string"), ("pattern", .string(source == #"\\"# ? "\\" : source))])
        )
        #expect(throws: APIError.self) { try checked(schema.text) }
    }

    @Test("the same goes for strict functions, and not for others")
    func functions() throws {
        let parameters = #"{"type":"object","properties":{"a":{"type":"array","uniqueItems":true}}}"#
        let tool = { (strict: Bool) in
            #""tools":[{"type":"function","function":{"name":"f","strict":\#(strict),"parameters":\#(parameters)}}]"#
        }
        #expect(try chatRequest(tool(false)).conversation.tools.count == 1)
        let error = #expect(throws: APIError.self) { try chatRequest(tool(true)) }
        #expect(error?.param == "tools[0].function.parameters")
        #expect(error?.message.contains("'uniqueItems'") == true)
    }
}
