import HTTP
import Scheduling
import Speech
import WireFormat

/// What the handlers share, and the table of all routes.
struct Routes: Sendable {
    let catalog: ModelCatalog
    let responses: ResponseStore
    /// The files that text-generation-webui's clients name.
    let library: WebUILibrary
    /// Templates that come with requests.
    let inlineTemplates: InlineTemplates
    /// What speaks.
    let speech: SpeechService
    /// What was said in spoken answers.
    let transcripts: TranscriptMemory
    let talks: TalkLimit
    /// Whether `GET /slots` shows prompts to those who sent them.
    var showsPrompts = false
    /// Seconds since 1970.
    let now: @Sendable () -> Int

    /// Every route, each with and without `/v1`.
    var router: Router {
        var router = Router(prefixes: ["", "/v1"])
        for route in all + ollamaRefusals + plannedRoutes { router.on(route.method, route.pattern, api(route.handler)) }
        return router
    }

    /// Every endpoint that does something, once, and those that say what to use instead.
    var all: [Route] {
        openAIRoutes + responseRoutes + audioRoutes + rerankRoutes + engineRoutes + tokenRoutes + llamaServerRoutes
            + modelControlRoutes + anthropicRoutes + ollamaRoutes
            + serviceRoutes + descriptionRoutes + retiredRoutes
    }

    private var openAIRoutes: [Route] {
        [
            Route(
                method: .post,
                pattern: "/chat/completions",
                operation: Operation("Chat", .openAI, body: ChatRequest.self, answer: .jsonOrEvents),
                handler: chatCompletions
            ),
            Route(
                method: .post,
                pattern: "/embeddings",
                operation: Operation("Embeddings", .openAI, body: EmbeddingRequest.self),
                handler: embeddings
            ),
            Route(
                method: .post,
                pattern: "/moderations",
                operation: Operation("Moderations", .openAI, body: ModerationRequest.self),
                handler: moderations
            ),
            Route(
                method: .get,
                pattern: "/models",
                operation: Operation("Models", .openAI, query: Self.modelPages),
                handler: listModels
            ),
            Route(
                method: .get,
                pattern: "/models/{model...}",
                operation: Operation("One model", .openAI),
                handler: retrieveModel
            ),
        ]
            + ["/completions", "/text_completion"].map { pattern in
                Route(
                    method: .post,
                    pattern: pattern,
                    operation: Operation(
                        "Text completions",
                        .openAI,
                        body: CompletionRequest.self,
                        answer: .jsonOrEvents
                    ),
                    handler: completions
                )
            }
    }

    /// One endpoint under the names that its clients know.
    private var rerankRoutes: [Route] {
        ["/rerank", "/reranking", "/v2/rerank"].map { pattern in
            Route(
                method: .post,
                pattern: pattern,
                operation: Operation("Reranking", .openAI, body: RerankRequest.self),
                handler: rerank
            )
        }
    }

    private var serviceRoutes: [Route] {
        [
            Route(
                method: .get,
                pattern: "/internal/scheduler",
                operation: Operation("What runs and what waits", .service),
                handler: scheduler
            ),
            Route(
                method: .get,
                pattern: "/metrics",
                operation: Operation("Metrics", .service, answer: .text(contentType: "text/plain")),
                handler: metrics
            ),
            Route(
                method: .get,
                pattern: "/health",
                operation: Operation("Whether the server works", .service),
                handler: health
            ),
            Route(
                method: .get,
                pattern: "/about",
                operation: Operation("Name, version, models, endpoints", .service),
                handler: about
            ),
        ]
    }

    /// The routes as `GET /about` names them.
    var names: [String] { all.map { "\($0.method.rawValue) /v1\($0.path)" } }

    /// A handler whose API errors are answered in the form of its API.
    private func api(_ handler: @escaping HTTPHandler) -> HTTPHandler {
        { request in
            let dialect = Dialect(path: request.path)
            return try await Caller.$owner.withValue(Owner(request.principal)) {
                do {
                    return dialect.marked(try await handler(request), requestID: request.id)
                } catch let error as APIError {
                    return dialect.response(to: error, requestID: request.id)
                }
            }
        }
    }
}
