import Testing

@testable import InferenceServer

@Suite("Input of custom tools")
struct CustomInputTests {
    @Test(
        "the text comes out of its JSON, however that is cut",
        arguments: [
            (#"{"input": "plain"}"#, "plain"), (#"{"input":""}"#, ""),
            (#"{ "input" : "a\n\"b\"\\ \/" }"#, "a\n\"b\"\\ /"),
            (#"{"input":"\u00e9\ud83d\ude00!"}"#, "é😀!"), (#"{"input":"\ud83dx"}"#, "\u{FFFD}x"),
            (#"{"input":"é😀"}"#, "é😀"),
            (#"{"input":"cut o"#, "cut o"), (#"{"input":"cut \u00"#, "cut "), (#"{"inp"#, ""),
        ]
    )
    func pieces(json: String, text: String) {
        for step in [1, 2, 5, 100] {
            var input = CustomInput()
            var told = ""
            var rest = json[...]
            while !rest.isEmpty {
                told += input.append(String(rest.prefix(step)))
                rest = rest.dropFirst(step)
            }
            #expect(told == text)
        }
    }
}
