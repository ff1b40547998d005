import HTTP
import WireFormat

/// The API that an endpoint is of: it decides what errors look like.
enum Dialect {
    case openAI, anthropic, ollama

    /// The dialect of the endpoints at a path, whether there is one at this very path or not.
    init(path: String) {
        let segments = path.split(separator: "/")
        switch segments.first == "v1" ? segments.dropFirst().first : segments.first {
        case "messages": self = .anthropic
        case "api": self = .ollama
        default: self = .openAI
        }
    }

    /// An error as clients of this API read it.
    func response(to error: APIError, requestID: String) -> HTTPResponse {
        let json =
            switch self {
            case .openAI: error.json
            case .anthropic: error.anthropicJSON(requestID: requestID)
            case .ollama: error.ollamaJSON
            }
        var response = HTTPResponse.json(json, status: HTTPStatus(rawValue: error.status))
        if let seconds = error.retryAfter { response.headers["Retry-After"] = "\(seconds)" }
        // What is not built will not be built by the next try.
        if error.status == HTTPStatus.notImplemented.rawValue { response.headers["x-should-retry"] = "false" }
        return marked(response, requestID: requestID)
    }

    /// A response with the headers that every response of this API has.
    func marked(_ response: HTTPResponse, requestID: String) -> HTTPResponse {
        guard self == .anthropic else { return response }
        var response = response
        response.headers["request-id"] = requestID
        return response
    }

    /// A fault that the HTTP module found, in the form of the path's API.
    static func response(to fault: HTTPFault, path: String, requestID: String) -> HTTPResponse {
        Dialect(path: path).response(to: APIError(fault), requestID: requestID)
    }
}
