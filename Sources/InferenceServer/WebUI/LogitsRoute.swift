import HTTP
import Scheduling
import WireFormat

extension Routes {
    /// Answers `POST /v1/internal/logits`: what a model finds likely next, or what its samplers make of it.
    func logits(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(LogitsRequest.self)
        let lease = try await catalog.lease(body.model)
        let (model, owner) = (lease.model, Owner(request.principal))
        let prompt = try model.tokenize(body.prompt, param: "prompt")
        let tokens =
            if body.usesSamplers {
                try await NextTokens(
                    behind: prompt,
                    count: body.count,
                    drawnBy: body.generation,
                    model: model,
                    owner: owner
                )
            } else {
                try await NextTokens(
                    behind: prompt,
                    count: body.count,
                    model: model,
                    owner: owner,
                    priority: Priority(body.generation.serviceTier)
                )
            }
        return try withExtendedLifetime(lease) {
            .json(try TokenDistribution(tokens, vocabulary: model.vocabulary))
        }
    }
}
