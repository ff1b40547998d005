import HTTP
import WireFormat

/// What the handlers share, and the table of all routes.
struct Routes: Sendable {
    let catalog: ModelCatalog
    /// The files that text-generation-webui's clients name.
    let library: WebUILibrary
    /// Seconds since 1970.
    let now: @Sendable () -> Int

    /// Every route, each with and without `/v1`.
    var router: Router {
        var router = Router(prefixes: ["", "/v1"])
        for route in all { router.on(route.method, route.pattern, api(route.handler)) }
        return router
    }

    private struct Route {
        let method: HTTPMethod
        let pattern: String
        let handler: HTTPHandler
    }

    private var all: [Route] {
        [
            Route(method: .post, pattern: "/chat/completions", handler: chatCompletions),
            Route(method: .post, pattern: "/completions", handler: completions),
            Route(method: .post, pattern: "/messages", handler: anthropic(createMessage)),
            Route(method: .post, pattern: "/messages/count_tokens", handler: anthropic(countMessageTokens)),
            Route(method: .post, pattern: "/api/chat", handler: ollama(ollamaChat)),
            Route(method: .post, pattern: "/api/generate", handler: ollama(ollamaGenerate)),
            Route(method: .get, pattern: "/api/tags", handler: ollama(ollamaTags)),
            Route(method: .post, pattern: "/api/show", handler: ollama(ollamaShow)),
            Route(method: .get, pattern: "/api/ps", handler: ollama(ollamaRunning)),
            Route(method: .get, pattern: "/api/version", handler: ollama(ollamaVersion)),
            Route(method: .get, pattern: "/models", handler: listModels),
            Route(method: .get, pattern: "/models/{model...}", handler: retrieveModel),
            Route(method: .post, pattern: "/internal/chat-prompt", handler: chatPrompt),
            Route(method: .get, pattern: "/internal/scheduler", handler: scheduler),
            Route(method: .get, pattern: "/metrics", handler: metrics),
            Route(method: .get, pattern: "/health", handler: health),
            Route(method: .get, pattern: "/about", handler: about),
        ] + ollamaRefusals.map { Route(method: $0.method, pattern: $0.pattern, handler: $0.handler) }
    }

    /// The routes as `GET /about` names them.
    var names: [String] { all.map { "\($0.method.rawValue) /v1\($0.pattern.replacing("...", with: ""))" } }

    /// A handler whose API errors are answered in their form.
    private func api(_ handler: @escaping HTTPHandler) -> HTTPHandler {
        { request in
            do { return try await handler(request) } catch let error as APIError { return .error(error) }
        }
    }
}
