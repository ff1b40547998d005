import HTTP
import Tokenizer
import WireFormat

extension Routes {
    /// Text into tokens and back, as clients of text-generation-webui and of llama-server ask for it.
    var tokenRoutes: [Route] {
        [
            Route(
                method: .post,
                pattern: "/internal/encode",
                operation: Operation("Tokens of a text", .webUI, body: EncodeRequest.self),
                handler: encode
            ),
            Route(
                method: .post,
                pattern: "/internal/decode",
                operation: Operation("Text of tokens", .webUI, body: DecodeRequest.self),
                handler: decode
            ),
            Route(
                method: .post,
                pattern: "/internal/token-count",
                operation: Operation("Number of tokens of a text", .webUI, body: EncodeRequest.self),
                handler: countTokens
            ),
            Route(
                method: .post,
                pattern: "/internal/logits",
                operation: Operation("What a model finds likely next", .webUI, body: LogitsRequest.self),
                handler: logits
            ),
            Route(
                method: .post,
                pattern: "/tokenize",
                operation: Operation("Tokens of a text", .llamaServer, body: TokenizeRequest.self),
                handler: tokenize
            ),
            Route(
                method: .post,
                pattern: "/detokenize",
                operation: Operation("Text of tokens", .llamaServer, body: DecodeRequest.self),
                handler: detokenize
            ),
        ]
    }

    /// Answers `POST /v1/internal/encode`: as a prompt is cut, so with what the vocabulary adds around it.
    private func encode(_ request: HTTPRequest) async throws -> HTTPResponse {
        let tokens = try await tokens(of: request)
        return .json(
            ["tokens": .array(tokens.map { JSONValue(Int($0)) }), "length": JSONValue(tokens.count)] as JSONValue
        )
    }

    /// Answers `POST /v1/internal/token-count`.
    private func countTokens(_ request: HTTPRequest) async throws -> HTTPResponse {
        .json(["length": JSONValue(try await tokens(of: request).count)] as JSONValue)
    }

    private func tokens(of request: HTTPRequest) async throws -> [Token] {
        let body = try request.decode(EncodeRequest.self)
        let model = try await catalog.lease(body.model)
        return try model.model.vocabulary.tokens(of: body.text, param: "text")
    }

    /// Answers `POST /v1/internal/decode`: special tokens stand for no text.
    private func decode(_ request: HTTPRequest) async throws -> HTTPResponse {
        .json(["text": .string(try await text(of: request, special: false))] as JSONValue)
    }

    /// Answers `POST /detokenize`: special tokens are told by their names.
    private func detokenize(_ request: HTTPRequest) async throws -> HTTPResponse {
        .json(["content": .string(try await text(of: request, special: true))] as JSONValue)
    }

    private func text(of request: HTTPRequest, special: Bool) async throws -> String {
        let body = try request.decode(DecodeRequest.self)
        let vocabulary = try await catalog.lease(body.model).model.vocabulary
        let tokens = try vocabulary.checked(body.tokens, param: "tokens")
        do { return try vocabulary.decode(tokens, special: special) } catch { throw APIError(error, param: "tokens") }
    }

    /// Answers `POST /tokenize`.
    private func tokenize(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(TokenizeRequest.self)
        let vocabulary = try await catalog.lease(body.model).model.vocabulary
        let tokens = try vocabulary.tokens(
            of: body.content,
            addSpecial: body.addsSpecial,
            parseSpecial: body.parsesSpecial,
            param: "content"
        )
        return .json(
            TokenizeResponse(
                try tokens.map { token in
                    (Int(token), try body.withPieces ? vocabulary.piece(of: token, special: true) : nil)
                }
            )
        )
    }
}

extension Vocabulary {
    /// The tokens of a text of any length that a request may have.
    ///
    /// - Throws: 400 where the vocabulary can't cut it.
    func tokens(
        of text: String,
        addSpecial: Bool = true,
        parseSpecial: Bool = true,
        param: String
    ) throws(APIError) -> [Token] {
        do {
            return try encode(text, addSpecial: addSpecial, parseSpecial: parseSpecial)
        } catch {
            throw .invalidRequest("Invalid '\(param)': \(error.sentence)", param: param, code: "invalid_value")
        }
    }

    /// The tokens of these ids.
    ///
    /// - Throws: 400 where the vocabulary lacks one.
    func checked(_ ids: [Int], param: String) throws(APIError) -> [Token] {
        try ids.map { id throws(APIError) in
            guard let token = Token(exactly: id), contains(token) else {
                throw .invalidRequest(
                    "Invalid '\(param)': the model's vocabulary has no token \(id); it has \(size).",
                    param: param,
                    code: "invalid_value"
                )
            }
            return token
        }
    }
}
