import HTTP
import WireFormat

extension Routes {
    /// What pages of `GET /v1/models` are asked for with; all models come without.
    static let modelPages = [
        Operation.QueryParameter("limit", .integer(pageSizes), "how many models"),
        Operation.QueryParameter("after", .text, "the model that the page follows"),
    ]

    /// Answers `GET /v1/models`.
    func listModels(_ request: HTTPRequest) async throws -> HTTPResponse {
        var cards = cards[...]
        if let after = request.query["after"] {
            guard let index = cards.firstIndex(where: { $0.id == after }) else {
                throw APIError.badQuery("after", "the id of a model of the list")
            }
            cards = cards[(index + 1)...]
        }
        return .json(ModelList(Array(cards.prefix(try request.number("limit", in: Self.pageSizes) ?? cards.count))))
    }

    /// Answers `GET /v1/models/{model}`.
    func retrieveModel(_ request: HTTPRequest) async throws -> HTTPResponse {
        .json(try card(request.parameters["model"] ?? ""))
    }
}
