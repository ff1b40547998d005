import HTTP
import WireFormat

extension Routes {
    /// Paths that need no key: they tell nothing that differs from server to server, and a page that asks for a key must
    /// be seen without one.
    static let openPaths: Set<String> = [
        "/health", "/openapi.json", "/v1/openapi.json", "/docs", "/v1/docs", "/docs/page.css", "/v1/docs/page.css",
        "/docs/page.js", "/v1/docs/page.js",
    ]

    /// The page of `GET /docs` and what describes the API to it.
    var descriptionRoutes: [Route] {
        [
            Route(
                method: .get,
                pattern: "/openapi.json",
                operation: Operation("This description", .service),
                handler: describe
            ),
            page("/docs", "text/html", PackageResources.page_html),
            page("/docs/page.css", "text/css", PackageResources.page_css),
            page("/docs/page.js", "text/javascript", PackageResources.page_js),
        ]
    }

    /// Answers `GET /openapi.json`.
    private func describe(_ request: HTTPRequest) async throws -> HTTPResponse {
        .json(
            OpenAPIDocument(
                title: Version.name,
                version: Version.number,
                entries: all.map {
                    OpenAPIDocument.Entry(method: $0.method.rawValue, path: $0.path, operation: $0.operation)
                }
            )
        )
    }

    /// A part of the page, out of the binary.
    ///
    /// It may load what comes from here, and nothing else.
    private func page(_ path: String, _ type: String, _ bytes: [UInt8]) -> Route {
        let operation = Operation("This description as a page", .service, answer: .text(contentType: type))
        return Route(method: .get, pattern: path, operation: operation) { _ in
            var headers = HTTPHeaders()
            headers["Content-Type"] = "\(type); charset=utf-8"
            headers["Content-Security-Policy"] =
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
                + "form-action 'none'; frame-ancestors 'none'"
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "no-referrer"
            headers["Cache-Control"] = "no-cache"
            return HTTPResponse(headers: headers, body: .bytes(bytes))
        }
    }
}
