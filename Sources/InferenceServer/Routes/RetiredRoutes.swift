import HTTP
import WireFormat

extension Routes {
    /// Endpoints that OpenAI has taken back: 410, and what to use instead.
    var retiredRoutes: [Route] {
        [
            ("/edits", "/v1/chat/completions"), ("/assistants", "/v1/responses"), ("/threads", "/v1/responses"),
        ].flatMap { path, replacement in
            let handler: HTTPHandler = { _ in
                throw APIError(
                    status: 410,
                    message: "/v1\(path) is gone from OpenAI's API, and from here. Please use \(replacement) instead.",
                    code: "endpoint_retired"
                )
            }
            let operation = Operation("Gone: use \(replacement)", .retired, answer: .gone)
            let methods: [HTTPMethod] = [.get, .post, .delete]
            return [path, "\(path)/{rest...}"].flatMap { pattern in
                methods.map { Route(method: $0, pattern: pattern, operation: operation, handler: handler) }
            }
        }
    }
}
