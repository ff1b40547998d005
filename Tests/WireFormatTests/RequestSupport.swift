import Testing
import WireFormat

/// One bad request and what is said about it.
struct Refusal: Sendable, CustomTestStringConvertible {
    let body: String
    let param: String?
    let code: String?
    let message: String

    init(_ body: String, _ param: String?, _ code: String?, _ message: String) {
        self.body = body
        self.param = param
        self.code = code
        self.message = message
    }

    var testDescription: String { String(body.prefix(120)) }

    /// Expects exactly this error for the body.
    func check<Request: RequestBody>(_ type: Request.Type) {
        let error = #expect(throws: APIError.self) { try Request(body: Array(body.utf8)) }
        #expect(error?.status == 400)
        #expect(error?.message == message)
        #expect(error?.kind == .invalidRequest)
        #expect(error?.param == param)
        #expect(error?.code == code)
    }
}

extension Refusal {
    /// Bad values of a parameter beside a body that is good otherwise.
    static func value(
        _ name: String,
        _ value: String,
        _ code: String,
        _ message: String,
        param: String? = nil
    ) -> Refusal {
        Refusal("\"\(name)\":\(value)", param ?? name, code, message)
    }

    /// The same, inside of `start` and a closing brace.
    func inside(_ start: String) -> Refusal { Refusal("\(start),\(body)}", param, code, message) }
}

let chatStart = #"{"messages":[{"role":"user","content":"Hi"}]"#
let completionStart = #"{"prompt":"Hi""#

func chatRequest(_ rest: String = "") throws -> ChatRequest {
    try ChatRequest(body: Array((chatStart + (rest.isEmpty ? "" : ",") + rest + "}").utf8))
}

func completionRequest(_ rest: String = "") throws -> CompletionRequest {
    try CompletionRequest(body: Array((completionStart + (rest.isEmpty ? "" : ",") + rest + "}").utf8))
}
