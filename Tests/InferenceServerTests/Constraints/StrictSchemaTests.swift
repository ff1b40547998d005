import Foundation
import TestSupport
import Testing
import WireFormat

/// Strict schemas, from the request to the grammar that the tokens are held to.
@Suite("Strict schemas")
struct StrictSchemaTests {
    @Test(
        "random answers that the grammar of a random schema lets through are valid",
        arguments: 0..<40 as Range<UInt64>
    )
    func walks(seed: UInt64) throws {
        var schemas = RandomSchema(seed: seed)
        let schema = schemas.next()
        let held: HeldAnswer
        do {
            held = try HeldAnswer(schema: schema.text)
        } catch let error as APIError {
            // No number is within its bounds: nothing else may be refused.
            try #require(error.message.contains("within its bounds"), "\(error.message): \(schema.text)")
            return
        }
        var random = SplitMix64(seed: seed)
        for _ in 0..<2 {
            guard let answer = try held.walk(&random) else { continue }
            let value = try JSONValue.parse(try held.content(of: answer))
            #expect(SchemaValidator(root: schema).fault(value) == nil, "\(answer) of \(schema.text)")
            #expect(try held.accepts(answer), "\(answer) of \(schema.text)")
        }
    }

    @Test(
        "bounds of numbers hold to the last digit",
        arguments: [
            (
                #""type":"number","minimum":0,"maximum":1"#, ["0", "0.0", "1", "1.0", "1.000", "0.5", "0.99999"],
                ["1.0001", "2", "-0.1", "01", "1.1", ".5", "1."]
            ),
            (
                #""type":"number","exclusiveMinimum":0"#, ["0.1", "0.000001", "3", "12345.678", "100"],
                ["0", "0.0", "0.000", "-1"]
            ),
            (
                #""type":"number","minimum":-1.25,"exclusiveMaximum":3.5"#,
                ["-1.25", "-1.250", "-1.2499", "-1", "-0.5", "0", "3.4999", "3"],
                ["-1.2501", "-1.3", "-2", "3.5", "3.50", "3.51", "4"]
            ),
            (
                #""type":"number","maximum":-0.05"#, ["-0.05", "-0.051", "-12", "-123456789.5"],
                ["-0.049", "0", "-0.0", "-0.04999", "1"]
            ),
            (
                #""type":"number","minimum":99.5,"maximum":1000.25"#,
                ["99.5", "99.51", "100", "999.99", "1000", "1000.25"],
                ["99.49", "99", "9.95", "1000.26", "1001", "10000"]
            ),
            (
                #""type":"number","minimum":1e-7,"maximum":1e12"#, ["0.0000001", "1000000000000", "999999999999.5"],
                ["0.00000009", "1000000000000.5", "1000000000001"]
            ),
            (
                #""type":"number","minimum":0.1,"maximum":0.3"#, ["0.1", "0.3", "0.30", "0.2"],
                ["0.31", "0.09", "0.300000001", "0"]
            ),
            (
                #""type":"number","multipleOf":0.01,"minimum":0"#, ["0", "0.01", "19.99", "20", "7.5", "7.50"],
                ["0.001", "19.999", "-1"]
            ),
            (
                #""type":"number","multipleOf":0.3,"maximum":2"#, ["0.3", "0.6", "1.8", "0", "-0.3"],
                ["0.2", "1", "2.1", "0.33"]
            ),
            (
                #""type":"integer","multipleOf":7,"minimum":10,"maximum":50"#, ["14", "21", "49"],
                ["7", "10", "50", "56", "15"]
            ),
            (#""type":"integer","multipleOf":100"#, ["0", "100", "-300", "123400"], ["1", "150", "1001"]),
            (
                #""type":"integer","multipleOf":64,"exclusiveMaximum":0"#, ["-64", "-128", "-6400"],
                ["0", "64", "-63", "-100"]
            ),
            (#""type":"integer","minimum":0"#, ["0", "7", "999999999999999"], ["-1", "1.5", "00"]),
            (
                #""type":["integer","null"],"minimum":3,"maximum":12"#, ["3", "9", "10", "12", "null"],
                ["2", "13", "1", "nul"]
            ),
            (#""type":["number","string"],"exclusiveMaximum":1"#, ["0.5", "\"x\"", "-3"], ["1", "1.5", "true"]),
        ]
    )
    func bounds(schema: String, valid: [String], invalid: [String]) throws {
        let held = try HeldAnswer(schema: "{\(schema)}")
        for text in valid { #expect(try held.accepts(text), "\(text)") }
        for text in invalid { #expect(try !held.accepts(text), "\(text)") }
    }

    @Test("numbers within random bounds are let through, and no others", arguments: 0..<20 as Range<UInt64>)
    func randomBounds(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let places = Int.random(in: 0...3, using: &random)
        let unit: Double = [1, 10, 100, 1_000][places]
        func number(_ bound: Double) -> Double {
            let drawn = Double.random(in: -bound...bound, using: &random)
            return (drawn * unit).rounded() / unit
        }
        let size: Double = [2, 50, 3_000][Int.random(in: 0..<3, using: &random)]
        let (first, second) = (number(size), number(size))
        let (least, most) = first < second ? (first, second) : (second, first)
        let isExclusive = Bool.random(using: &random)
        let (lower, upper) = isExclusive ? ("exclusiveMinimum", "exclusiveMaximum") : ("minimum", "maximum")
        guard least < most else { return }
        let held = try HeldAnswer(schema: #"{"type":"number","\#(lower)":\#(least),"\#(upper)":\#(most)}"#)
        for candidate in (0..<40).map({ _ in number(size * 1.2) }) + [least, most] {
            let text = candidate == candidate.rounded() ? String(Int(candidate)) : String(candidate)
            guard text != "0" || least != 0 else { continue }
            let isWithin = isExclusive ? least < candidate && candidate < most : least <= candidate && candidate <= most
            #expect(try held.accepts(text) == isWithin, "\(text) in \(least)...\(most)")
        }
    }

    @Test(
        "what Pydantic makes schemas of is let through as Pydantic writes it",
        arguments: [
            (
                #"{"type":"string","format":"date"}"#, [#""2024-02-29""#, #""1999-12-31""#],
                [#""2023-02-29""#, #""2024-13-01""#, #""2024-04-31""#]
            ),
            (
                #"{"type":"string","format":"date-time"}"#,
                [#""2024-02-29T12:30:00Z""#, #""2024-01-01T00:00:00.123456+02:00""#],
                [#""2024-02-30T12:30:00Z""#, #""2024-01-01""#]
            ),
            (#"{"type":"string","format":"time"}"#, [#""23:59:59Z""#, #""00:00:00.5-01:30""#], [#""24:00:00Z""#]),
            (
                #"{"type":"string","format":"duration"}"#, [#""PT1H30M""#, #""P3D""#, #""P2DT4H5M6S""#, #""PT15M""#],
                [#""P""#, #""PT""#, #""1h""#]
            ),
            (
                #"{"type":"string","format":"ipv6"}"#, [#""::1""#, #""2001:db8::ff00:42:8329""#, #""::""#],
                [#"":::""#, #""1::2::3""#, #""12345::""#]
            ),
            (
                #"{"type":"string","format":"uri"}"#,
                [#""https://example.com/a/b?c=d#e""#, #""http://localhost:8080/""#], [#""example.com""#]
            ),
            (
                ##"{"anyOf":[{"type":"number"},{"type":"string","pattern":"^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$"}]}"##,
                [#""12.50""#, "12.5", #""-.5""#], [#""+""#, #""""#]
            ),
            (#"{"type":"string","format":"binary"}"#, [#""anything""#], ["1"]),
            (#"{"const":"a","type":"string","title":"Kind"}"#, [#""a""#], [#""b""#]),
            (
                #"{"type":"array","prefixItems":[{"type":"number","minimum":-90,"maximum":90},{"type":"number"}],"minItems":2,"maxItems":2}"#,
                ["[52.5, 13.4]", "[-90,1]"], ["[90.1, 0]", "[1]"]
            ),
        ]
    )
    func pydantic(schema: String, valid: [String], invalid: [String]) throws {
        let held = try HeldAnswer(schema: schema)
        for text in valid { #expect(try held.accepts(text), "\(text)") }
        for text in invalid { #expect(try !held.accepts(text), "\(text)") }
    }

    @Test("the model is shown the schema as it was sent, and held to it in calls of functions too")
    func functions() throws {
        let parameters =
            #"{"type":"object","properties":{"p":{"type":"number","minimum":0,"maximum":1},"m":{"type":"string","pattern":"^v\\d$"}},"required":["p","m"]}"#
        let held = try HeldAnswer(
            #""tool_choice":"required","parallel_tool_calls":false,"tools":[{"type":"function","function":"#
                + #"{"name":"f","strict":true,"parameters":\#(parameters)}}]"#
        )
        #expect(!held.prompt.contains("$grammar"))
        #expect(held.prompt.contains(#""maximum":1"#) && held.prompt.contains(#"^v\\d$"#), "\(held.prompt)")
        let call = { (p: String, m: String) in
            "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"p\": \(p), \"m\": \(m)}}\n</tool_call>"
        }
        #expect(try held.accepts(call("0.25", "\"v7\"")))
        #expect(try !held.accepts(call("1.25", "\"v7\"")))
        #expect(try !held.accepts(call("0.25", "\"w7\"")))
    }

    @Test("a schema can't smuggle rules in, and marks are not taken for what it holds")
    func marks() throws {
        let held = try HeldAnswer(
            schema:
                #"{"type":"object","$grammar":"\"x\"","properties":{"grammar0-70000":{"type":"integer","multipleOf":7,"$grammar":1},"b":{"enum":["7000000000","grammar1"]}},"required":["grammar0-70000","b"]}"#
        )
        #expect(try held.accepts(#"{"grammar0-70000":21,"b":"7000000000"}"#))
        #expect(try !held.accepts(#"{"grammar0-70000":22,"b":"7000000000"}"#))
        #expect(try !held.accepts("x"))
    }

    @Test("what would explode is refused, or stays small")
    func bounded() throws {
        // The most rules that multiples may take, and more than that.
        let most = try HeldAnswer(schema: #"{"type":"integer","multipleOf":61}"#)
        #expect(most.rules.utf8.count < 250_000)
        for factor in ["97", "0.0000001", "999999999999989"] {
            let error = #expect(throws: APIError.self) {
                try HeldAnswer(schema: #"{"type":"number","multipleOf":\#(factor)}"#)
            }
            #expect(error?.message.contains("'multipleOf'") == true)
        }
        let widest = try HeldAnswer(schema: #"{"type":"number","minimum":-98765.4321,"maximum":123456789.987654}"#)
        #expect(widest.rules.utf8.count < 12_000, "\(widest.rules.utf8.count)")
        // Types that are several double nothing as they are nested.
        var nested = #"{"type":"integer","minimum":1}"#
        for _ in 0..<25 {
            nested = #"{"type":["object","integer"],"minimum":1,"properties":{"a":\#(nested)},"required":["a"]}"#
        }
        #expect(try HeldAnswer(schema: nested).rules.utf8.count < 100_000)
    }
}
