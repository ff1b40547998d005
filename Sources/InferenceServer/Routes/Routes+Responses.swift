import HTTP
import WireFormat

extension Routes {
    static let eventNumbers = 0...Int(Int32.max)
    static let pageSizes = 1...100

    private static let inclusions = Operation.QueryParameter.Value.choices(
        ResponseRequest.Inclusion.allCases.map(\.rawValue)
    )

    /// The Responses API and what stands on it.
    var responseRoutes: [Route] {
        [
            Route(
                method: .post,
                pattern: "/responses",
                operation: Operation("A response", .openAI, body: ResponseRequest.self, answer: .jsonOrEvents),
                handler: createResponse
            ),
            Route(
                method: .post,
                pattern: "/responses/input_tokens",
                operation: Operation("Tokens of a response's input", .openAI, body: ResponseCountRequest.self),
                handler: countResponseTokens
            ),
            Route(
                method: .post,
                pattern: "/responses/compact",
                operation: Operation("A summary of a conversation", .openAI, body: ResponseCompactRequest.self),
                handler: compactResponse
            ),
            Route(
                method: .get,
                pattern: "/responses/{response}",
                operation: Operation(
                    "One response",
                    .openAI,
                    query: [
                        .init("stream", .boolean, "`true`: the events of a response in the background"),
                        .init("starting_after", .integer(Self.eventNumbers), "the event that the first follows"),
                        .init("include", Self.inclusions, "what the response shows; checked only"),
                        .init("include_obfuscation", .boolean, "nothing is padded; checked only"),
                    ],
                    answer: .jsonOrEvents
                ),
                handler: retrieveResponse
            ),
            Route(
                method: .delete,
                pattern: "/responses/{response}",
                operation: Operation("Forgets a response", .openAI),
                handler: deleteResponse
            ),
            Route(
                method: .post,
                pattern: "/responses/{response}/cancel",
                operation: Operation("Ends a response in the background", .openAI),
                handler: cancelResponse
            ),
            Route(
                method: .get,
                pattern: "/responses/{response}/input_items",
                operation: Operation(
                    "What a response was made from",
                    .openAI,
                    query: [
                        .init("after", .text, "the item that the page follows"),
                        .init("limit", .integer(Self.pageSizes), "how many items"),
                        .init("order", .choice(["asc", "desc"]), "which comes first"),
                        .init("include", Self.inclusions, "what the items show; checked only"),
                    ]
                ),
                handler: listResponseInput
            ),
            Route(
                method: .post,
                pattern: "/decisions",
                operation: Operation("Decisions", .openAI, body: DecisionRequest.self),
                handler: decide
            ),
        ]
    }
}
