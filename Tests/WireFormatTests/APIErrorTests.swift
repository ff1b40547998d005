import Testing
import WireFormat

@Suite("Errors")
struct APIErrorTests {
    @Test(
        "every error has its status and all four keys",
        arguments: [
            (
                .invalidRequest("No."), 400,
                #"{"error":{"message":"No.","type":"invalid_request_error","param":null,"code":null}}"#
            ),
            (
                .contextLengthExceeded(limit: 100, promptTokens: 120), 400,
                #"{"error":{"message":"This model's maximum context length is 100 tokens. However, your messages "#
                    + #"resulted in 120 tokens. Please reduce the length of the messages.","#
                    + #""type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#
            ),
            (
                .contextLengthExceeded(limit: 100, promptTokens: 800, isLeast: true, param: "prompt"), 400,
                #"{"error":{"message":"This model's maximum context length is 100 tokens. However, your prompt "#
                    + #"resulted in at least 800 tokens. Please reduce the length of the prompt.","#
                    + #""type":"invalid_request_error","param":"prompt","#
                    + #""code":"context_length_exceeded"}}"#
            ),
            (
                .authentication(), 401,
                #"{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","#
                    + #""param":null,"code":"invalid_api_key"}}"#
            ),
            (
                .permission("Not you."), 403,
                #"{"error":{"message":"Not you.","type":"invalid_request_error","param":null,"#
                    + #""code":"insufficient_permissions"}}"#
            ),
            (
                .unknownRoute(method: "GET", path: "/x"), 404,
                #"{"error":{"message":"Invalid URL (GET /x)","type":"invalid_request_error","param":null,"#
                    + #""code":"unknown_url"}}"#
            ),
            (
                .modelNotFound("x"), 404,
                #"{"error":{"message":"The model `x` does not exist or you do not have access to it.","#
                    + #""type":"invalid_request_error","param":"model","code":"model_not_found"}}"#
            ),
            (
                .methodNotAllowed("PUT", path: "/v1/models"), 405,
                #"{"error":{"message":"Not allowed to PUT on /v1/models.","type":"invalid_request_error","#
                    + #""param":null,"code":"method_not_supported"}}"#
            ),
            (
                .payloadTooLarge(limit: 10), 413,
                #"{"error":{"message":"The body of the request is larger than the maximum of 10 bytes.","#
                    + #""type":"invalid_request_error","param":null,"code":"request_too_large"}}"#
            ),
            (
                .unsupportedMediaType(nil), 415,
                #"{"error":{"message":"Unsupported Content-Type header (none); expected application/json.","#
                    + #""type":"invalid_request_error","param":null,"code":"unsupported_content_type"}}"#
            ),
            (
                .rateLimit(retryAfter: 3), 429,
                #"{"error":{"message":"Rate limit reached. Please try again later.","type":"rate_limit_error","#
                    + #""param":null,"code":"rate_limit_exceeded"}}"#
            ),
            (
                .clientClosed, 499,
                #"{"error":{"message":"The client closed the connection before the answer was complete.","#
                    + #""type":"invalid_request_error","param":null,"code":"client_closed_request"}}"#
            ),
            (
                .internalServer, 500,
                #"{"error":{"message":"The server had an error while processing your request.","#
                    + #""type":"server_error","param":null,"code":"internal_error"}}"#
            ),
            (
                .overloaded(retryAfter: 1), 503,
                #"{"error":{"message":"The server is currently overloaded. Please try again later.","#
                    + #""type":"server_error","param":null,"code":"server_overloaded"}}"#
            ),
        ] as [(APIError, Int, String)]
    )
    func rendering(error: APIError, status: Int, body: String) {
        #expect(error.status == status)
        #expect(error.json.text == body)
    }

    @Test("only errors that pass by say when to come back")
    func retryAfter() {
        #expect(APIError.rateLimit(retryAfter: 3).retryAfter == 3)
        #expect(APIError.overloaded(retryAfter: 7).retryAfter == 7)
        #expect(APIError.internalServer.retryAfter == nil)
        #expect(APIError.modelNotFound("x").retryAfter == nil)
    }

    @Test("what a client sent is quoted shortened, even where one character is long")
    func clipping() {
        let letter = "e" + String(repeating: "\u{301}", count: 50_000)
        let message = APIError.modelNotFound(letter).message
        #expect(message.unicodeScalars.count < 200)
        #expect(APIError.modelNotFound(String(repeating: "é", count: 100)).message.contains("…") == false)
        #expect(APIError.modelNotFound(String(repeating: "é", count: 101)).message.contains("…"))
    }
}
