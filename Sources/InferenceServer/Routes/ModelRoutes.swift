import HTTP
import WireFormat

extension Routes {
    /// Answers `GET /v1/models`.
    func listModels(_ request: HTTPRequest) async throws -> HTTPResponse { .json(ModelList(catalog.cards)) }

    /// Answers `GET /v1/models/{model}`.
    func retrieveModel(_ request: HTTPRequest) async throws -> HTTPResponse {
        .json(try catalog.card(request.parameters["model"] ?? ""))
    }
}
