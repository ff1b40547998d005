internal import RuntimeSupport
internal import Synchronization

let log = Log("http")

/// What all connections of a server share.
final class HTTPService: Sendable {
    let configuration: HTTPConfiguration
    let router: Router
    let renderer: FaultRenderer
    let bodies: MemoryBudget
    let watch: ConnectionWatch
    /// Requests between their first line and the end of their response.
    let exchanges = ActivityCounter()
    /// Tasks of handlers.
    let tasks = ActivityCounter()
    /// Whether connections are closed behind their response.
    let isDraining = Atomic<Bool>(false)

    init(configuration: HTTPConfiguration, router: Router, renderer: @escaping FaultRenderer, watch: ConnectionWatch) {
        self.configuration = configuration
        self.router = router
        self.renderer = renderer
        self.watch = watch
        bodies = MemoryBudget(limit: configuration.limits.allBodies)
    }

    /// The response of a fault, with the headers that belong to its status.
    func render(_ fault: HTTPFault, path: String, requestID: String) -> HTTPResponse {
        var response = renderer(fault, path, requestID)
        response.status = fault.status
        for field in fault.headers { response.headers[field.name] = field.value }
        return response
    }

    /// The response of whatever a handler threw.
    func render(_ error: any Error, path: String, requestID: String) -> HTTPResponse {
        if let fault = error as? HTTPFault { return render(fault, path: path, requestID: requestID) }
        // Only the type: an error's text may hold parts of the request.
        log.error("\(requestID): the handler failed with \(type(of: error))")
        return render(.internalError, path: path, requestID: requestID)
    }
}
