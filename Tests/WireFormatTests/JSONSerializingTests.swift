import TestSupport
import Testing
import WireFormat

@Suite("JSON serializing")
struct JSONSerializingTests {
    @Test(
        "values have one compact spelling",
        arguments: [
            (.null, "null"), (true, "true"), (false, "false"), (-1, "-1"), (.integer(.min), "-9223372036854775808"),
            (1.0, "1.0"), (0.1, "0.1"), (-0.0, "-0.0"), (1e300, "1e+300"), (.number(.leastNonzeroMagnitude), "5e-324"),
            (.number(.nan), "null"), (.number(.infinity), "null"), (.number(-.infinity), "null"),
            ([], "[]"), ([:], "{}"), ([1, "a", .null], #"[1,"a",null]"#), (["b": 1, "a": [2]], #"{"b":1,"a":[2]}"#),
            (
                "\"\\/\u{8}\u{C}\n\r\t\u{0}\u{1F}\u{7F}é😀\u{2028}",
                #""\"\\/\b\f\n\r\t\u0000\u001f"# + "\u{7F}é😀\u{2028}\""
            ),
            (["\n": 0], #"{"\n":0}"#),
        ] as [(JSONValue, String)]
    )
    func spelling(value: JSONValue, text: String) {
        #expect(value.text == text)
    }

    @Test("what is written reads back the same", arguments: 0..<20)
    func roundTrip(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<50 {
            let value = JSONValue.random(depth: 5, using: &generator)
            let bytes = value.serialized
            let read = try JSONValue.parse(bytes)
            #expect(read == value)
            // Swift takes some different strings for equal; bytes tell.
            #expect(read.serialized == bytes)
        }
    }

    @Test("random doubles keep every bit")
    func doubles() throws {
        var generator = SplitMix64(seed: 7)
        for _ in 0..<5_000 {
            let double = Double(bitPattern: generator.next())
            guard double.isFinite else { continue }
            guard case .number(let read) = try JSONValue.parse(JSONValue.number(double).text) else {
                Issue.record("\(double) became something else")
                continue
            }
            #expect(read.bitPattern == double.bitPattern)
        }
    }
}

extension JSONValue {
    fileprivate static func random(depth: Int, using generator: inout SplitMix64) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Int64(bitPattern: generator.next()) >> Int64.random(in: 0..<64, using: &generator))
        case 3: return .number(Double.random(in: -1e6...1e6, using: &generator))
        case 4: return .string(randomText(excludingNull: false, using: &generator))
        case 5, 6:
            let count = Int.random(in: 0..<5, using: &generator)
            return .array((0..<count).map { _ in random(depth: depth - 1, using: &generator) })
        default:
            let count = Int.random(in: 0..<5, using: &generator)
            return .object(
                JSONObject(
                    (0..<count).map { index in
                        let key = "\(index)" + randomText(excludingNull: true, using: &generator)
                        return (key, random(depth: depth - 1, using: &generator))
                    }
                )
            )
        }
    }

    private static func randomText(excludingNull: Bool, using generator: inout SplitMix64) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<12, using: &generator) {
            let limit: UInt32 = Bool.random(using: &generator) ? 0x80 : 0x11_0000
            let code = UInt32.random(in: (excludingNull ? 1 : 0)..<limit, using: &generator)
            if let scalar = Unicode.Scalar(code) { text.append(scalar) }
        }
        return String(text)
    }
}
