import Testing
import WireFormat

@Suite("Chat requests of text-generation-webui's form")
struct WebUIChatTests {
    @Test("what the request has of it is read")
    func read() throws {
        let webUI = try chatRequest(
            #""mode":"chat-instruct","character":"A","user_name":"U","bot_name":"B","user_bio":"bio","context":"c","#
                + #""greeting":"g","chat_instruct_command":"k","instruction_template":"T""#
        ).webUI
        var expected = WebUIChat(mode: .chatInstruct)
        expected.character = "A"
        expected.userName = "U"
        expected.botName = "B"
        expected.userBio = "bio"
        expected.context = "c"
        expected.greeting = "g"
        expected.command = "k"
        expected.instructionTemplate = "T"
        #expect(webUI == expected)
        #expect(try chatRequest().webUI == nil)
    }

    @Test(
        "what has no meaning with the mode is refused",
        arguments: [
            (#""character":"A""#, "character"), (#""mode":"instruct","greeting":"g""#, "greeting"),
            (#""mode":"chat","chat_instruct_command":"k""#, "chat_instruct_command"),
            (#""mode":"chat","instruction_template":"T""#, "instruction_template"),
            (#""mode":"chat","n":2"#, "n"),
            (#""mode":"chat","response_format":{"type":"json_object"}"#, "response_format"),
            (#""mode":"chat","tools":[{"type":"function","function":{"name":"f"}}]"#, "tools"),
            (#""continue_":true"#, "continue_"),
            (#""mode":"chat","instruction_template_str":"x""#, "instruction_template_str"),
        ]
    )
    func faults(rest: String, param: String) {
        let error = #expect(throws: APIError.self) { try chatRequest(rest) }
        #expect(error?.status == 400 && error?.param == param)
    }
}
