/// An event of a streamed response.
package struct ResponseEvent: Sendable, Equatable {
    /// Such as `response.created`.
    package let type: String

    /// Counts the events of a response, from 0.
    package let number: Int

    package let json: JSONValue
}

/// Makes a response and its events out of the steps of an answer.
///
/// `open`, `start`, `append` for each step, then one of `finish`, `fail` and `cancel`.
package struct ResponseWriter: Sendable {
    package private(set) var response: ResponseObject

    private enum OpenItem {
        case reasoning, message
        case call(ToolCall)
    }

    /// The item that grows, its text aside.
    private var openItem: (id: String, kind: OpenItem)?
    private var text = ""
    private var logprobs: [TokenLogprob] = []
    private var count = 0
    private var reason = FinishReason.stop
    private let wrapsReasoning: Bool

    package init(_ response: ResponseObject, wrapsReasoning: Bool = false) {
        self.response = response
        self.wrapsReasoning = wrapsReasoning
    }

    /// The first events.
    package mutating func open() -> [ResponseEvent] {
        let created = event("response.created", about: response)
        return response.status == .queued ? [created, event("response.queued", about: response)] : [created]
    }

    /// What follows once somebody works on it.
    package mutating func start() -> [ResponseEvent] {
        response.status = .inProgress
        return [event("response.in_progress", about: response)]
    }

    /// Takes the next step of the answer.
    package mutating func append(_ step: AnswerEvent) -> [ResponseEvent] {
        switch step {
        case .reasoning(let text):
            var events: [ResponseEvent] = []
            if case .reasoning? = openItem?.kind {} else { events = begin(.reasoning) }
            self.text += text
            return events + [event("response.reasoning_text.delta", [("content_index", 0), ("delta", .string(text))])]
        case .content(let text, let logprobs):
            var events: [ResponseEvent] = []
            if case .message? = openItem?.kind {} else { events = begin(.message) }
            self.text += text
            self.logprobs += logprobs
            let members: [(String, JSONValue)] = [
                ("content_index", 0), ("delta", .string(text)), ("logprobs", .array(logprobs.map(\.chatJSON))),
            ]
            return events + [event("response.output_text.delta", members)]
        case .callBegan(_, let call): return begin(.call(call))
        case .arguments(_, let text):
            guard case .call(let call)? = openItem?.kind else { return [] }
            self.text += text
            return [event(call.deltaType + ".delta", [("delta", .string(text))])]
        case .end(let reason):
            self.reason = reason
            // A model that says nothing has said an empty text.
            let events = response.output.isEmpty && openItem == nil ? begin(.message) : []
            return events + close(reason == .length ? .incomplete : .completed)
        }
    }

    /// The last event of a response that came to its end, whole or cut.
    package mutating func finish(_ usage: Usage, at time: Int) -> [ResponseEvent] {
        response.usage = usage
        response.status = reason == .length ? .incomplete : .completed
        if response.status == .completed { response.completed = time }
        return [event("response.\(response.status.rawValue)", about: response)]
    }

    /// The last events of a response that could not be finished.
    package mutating func fail(_ error: APIError) -> [ResponseEvent] {
        _ = close(.incomplete)
        response.status = .failed
        response.error = error
        let members: [(String, JSONValue)] = [
            ("code", JSONValue(error.code)), ("message", .string(error.message)), ("param", JSONValue(error.param)),
        ]
        return [event("error", members, ofItem: false), event("response.failed", about: response)]
    }

    /// Ends a response that nobody wants any more; there is no event for that.
    package mutating func cancel() {
        _ = close(.incomplete)
        response.status = .cancelled
    }

    private mutating func begin(_ kind: OpenItem) -> [ResponseEvent] {
        var events = close(.completed)
        openItem = ("", kind)
        let item = item(.inProgress)
        openItem = (item.id, kind)
        events.append(event("response.output_item.added", [("item", added(item, kind))], names: false))
        if let part = part(kind) {
            events.append(event("response.content_part.added", [("content_index", 0), ("part", part)]))
        }
        return events
    }

    private mutating func close(_ status: ResponseItem.Status) -> [ResponseEvent] {
        guard let (_, kind) = openItem else { return [] }
        var events: [ResponseEvent] = []
        switch kind {
        case .reasoning:
            events.append(event("response.reasoning_text.done", [("content_index", 0), ("text", .string(text))]))
        case .message:
            let members: [(String, JSONValue)] = [
                ("content_index", 0), ("text", .string(text)), ("logprobs", .array(logprobs.map(\.chatJSON))),
            ]
            events.append(event("response.output_text.done", members))
        case .call(let call):
            let members: [(String, JSONValue)] =
                call.isCustom
                ? [("input", .string(text))] : [("name", .string(call.name)), ("arguments", .string(text))]
            events.append(event(call.deltaType + ".done", members))
        }
        if let part = part(kind) {
            events.append(event("response.content_part.done", [("content_index", 0), ("part", part)]))
        }
        let item = item(status)
        events.append(event("response.output_item.done", [("item", item.json)], names: false))
        response.output.append(item)
        openItem = nil
        text = ""
        logprobs = []
        return events
    }

    /// The open item with what it holds by now.
    private func item(_ status: ResponseItem.Status) -> ResponseItem {
        let id = openItem.flatMap { $0.id.isEmpty ? nil : $0.id }
        switch openItem?.kind {
        case .reasoning?:
            return ResponseItem(.reasoning(text, isWrapped: wrapsReasoning), id: id, status: status)
        case .call(var call)?:
            call.arguments = text
            return ResponseItem(.call(call), id: id, status: status)
        case .message?, nil:
            return ResponseItem(.message(.assistant, [.text(text)], logprobs: logprobs), id: id, status: status)
        }
    }

    /// The item as it is told first: without parts, which have events of their own.
    private func added(_ item: ResponseItem, _ kind: OpenItem) -> JSONValue {
        guard case .message = kind else { return item.json }
        var item = item
        item.content = .message(.assistant, [])
        return item.json
    }

    private func part(_ kind: OpenItem) -> JSONValue? {
        switch kind {
        case .reasoning: ["type": "reasoning_text", "text": .string(text)]
        case .message: .outputText(text, logprobs: logprobs)
        case .call: nil
        }
    }

    private mutating func event(_ type: String, about response: ResponseObject) -> ResponseEvent {
        event(type, [("response", response.json)], ofItem: false)
    }

    /// An event, with the place of the open item unless it is of none, and the item's id unless it holds the item.
    private mutating func event(
        _ type: String,
        _ members: [(String, JSONValue)],
        ofItem: Bool = true,
        names: Bool = true
    ) -> ResponseEvent {
        var object = JSONObject([("type", .string(type)), ("sequence_number", JSONValue(count))])
        if ofItem {
            object.append("output_index", JSONValue(response.output.count))
            if names, let openItem { object.append("item_id", .string(openItem.id)) }
        }
        for (key, value) in members { object.append(key, value) }
        defer { count += 1 }
        return ResponseEvent(type: type, number: count, json: .object(object))
    }
}

extension ToolCall {
    /// What events about its arguments are called.
    fileprivate var deltaType: String {
        isCustom ? "response.custom_tool_call_input" : "response.function_call_arguments"
    }
}
