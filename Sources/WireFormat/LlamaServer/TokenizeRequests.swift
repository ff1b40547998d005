// What llama-server's clients ask of a model's vocabulary.

/// A text to be cut into tokens.
package struct TokenizeRequest: RequestBody, Equatable {
    /// The model asked for, or nil for the server's default.
    package let model: String?
    package let content: String
    /// Whether what the vocabulary asks for around a text is added.
    package let addsSpecial: Bool
    /// Whether names of special tokens become these tokens.
    package let parsesSpecial: Bool
    /// Whether the answer tells what each token stands for.
    package let withPieces: Bool
}

extension TokenizeRequest {
    private enum Parameters {
        static let content = Parameter("content", StringShape())
        static let addSpecial = Parameter("add_special", BooleanShape())
        static let parseSpecial = Parameter("parse_special", BooleanShape())
        static let withPieces = Parameter("with_pieces", BooleanShape())
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            TokenizeRequest(
                model: try reader.optional(VocabularyParameters.model),
                content: try reader.required(Parameters.content),
                addsSpecial: try reader.optional(Parameters.addSpecial) ?? false,
                parsesSpecial: try reader.optional(Parameters.parseSpecial) ?? true,
                withPieces: try reader.optional(Parameters.withPieces) ?? false
            )
        }
    }
}

/// The tokens of a text, as llama-server tells them.
package struct TokenizeResponse: JSONRepresentable {
    /// A token, and the bytes that it stands for where they were asked for.
    package typealias Token = (id: Int, piece: [UInt8]?)

    package let tokens: [Token]

    package init(_ tokens: [Token]) { self.tokens = tokens }

    package var json: JSONValue { ["tokens": .array(tokens.map(Self.json))] }

    private static func json(_ token: Token) -> JSONValue {
        guard let piece = token.piece else { return JSONValue(token.id) }
        // Bytes that are no text by themselves are told as numbers.
        let text = String(validating: piece, as: UTF8.self).map(JSONValue.string)
        return ["id": JSONValue(token.id), "piece": text ?? .array(piece.map { JSONValue(Int($0)) })]
    }
}
