import HTTP
import WireFormat

extension Routes {
    /// The endpoints of other APIs than OpenAI's.
    ///
    /// The description of the server leaves them out: it is of OpenAI's API and its errors.
    var dialectRoutes: [Route] {
        [
            Route(method: .post, pattern: "/messages", handler: anthropic(createMessage)),
            Route(method: .post, pattern: "/messages/count_tokens", handler: anthropic(countMessageTokens)),
            Route(method: .post, pattern: "/api/chat", handler: ollama(ollamaChat)),
            Route(method: .post, pattern: "/api/generate", handler: ollama(ollamaGenerate)),
            Route(method: .post, pattern: "/api/embed", handler: ollama(ollamaEmbed)),
            Route(method: .post, pattern: "/api/embeddings", handler: ollama(ollamaEmbeddings)),
            Route(method: .get, pattern: "/api/tags", handler: ollama(ollamaTags)),
            Route(method: .post, pattern: "/api/show", handler: ollama(ollamaShow)),
            Route(method: .get, pattern: "/api/ps", handler: ollama(ollamaRunning)),
            Route(method: .get, pattern: "/api/version", handler: ollama(ollamaVersion)),
            Route(method: .post, pattern: "/internal/chat-prompt", handler: chatPrompt),
        ] + ollamaRefusals.map { Route(method: $0.method, pattern: $0.pattern, handler: $0.handler) }
    }
}
