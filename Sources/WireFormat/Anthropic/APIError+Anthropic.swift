extension APIError {
    /// The body of the error in Anthropic's form.
    package func anthropicJSON(requestID: String) -> JSONValue {
        // Clients look for these words before they shorten a conversation.
        let opening = code == "context_length_exceeded" ? "prompt is too long: " : ""
        return [
            "type": "error",
            "error": ["type": .string(anthropicType), "message": .string(opening + message)],
            "request_id": .string(requestID),
        ]
    }

    private var anthropicType: String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 503: "overloaded_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }
}
