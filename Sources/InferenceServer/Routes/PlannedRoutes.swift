import HTTP
import WireFormat

extension Routes {
    /// Endpoints of OpenAI's API that are not here yet: 501, and what is missing.
    ///
    /// The description leaves them out. An endpoint that is there goes before these, which match less of its path.
    var plannedRoutes: [Route] {
        let whole = [
            ("images", "images"), ("audio", "audio of this kind"), ("files", "files"), ("uploads", "uploads"),
            ("batches", "batches"), ("fine_tuning", "fine-tuning"), ("fine-tunes", "fine-tuning"),
            ("vector_stores", "vector stores"), ("containers", "containers"), ("conversations", "conversations"),
            ("evals", "evaluations"), ("videos", "videos"), ("realtime", "realtime sessions"),
            ("organization", "administration of an organization"), ("projects", "projects"), ("skills", "skills"),
            ("chatkit", "chat sessions"), ("search", "search"),
        ].flatMap { path, name in
            ["/\(path)", "/\(path)/{rest...}"].flatMap { pattern in
                [HTTPMethod.get, .post, .delete].map { planned($0, pattern, name) }
            }
        }
        let stored = [
            planned(.get, "/chat/completions", "stored chats"),
            planned(.get, "/chat/completions/{completion...}", "stored chats"),
            planned(.post, "/chat/completions/{completion...}", "stored chats"),
            planned(.delete, "/chat/completions/{completion...}", "stored chats"),
        ]
        return whole + stored + [planned(.post, "/engines/{engine}/search", "search")]
    }

    private func planned(_ method: HTTPMethod, _ pattern: String, _ name: String) -> Route {
        Route(method: method, pattern: pattern) { request in
            throw APIError(
                status: HTTPStatus.notImplemented.rawValue,
                message:
                    "This server does not have \(name) yet (\(request.method.rawValue) \(request.path.prefix(100))).",
                kind: .server,
                code: "not_implemented"
            )
        }
    }
}
