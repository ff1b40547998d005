import RuntimeSupport
import Scheduling
import WireFormat

/// A response with what it was made from.
struct StoredResponse: Sendable {
    let owner: Owner

    /// What the model was told before this request's input, instructions aside.
    let earlier: [ResponseItem]

    let input: [ResponseItem]
    let run: ResponseRun

    /// What a response that follows this one goes on from.
    var history: [ResponseItem] { earlier + input + run.response.output }

    /// About what it takes in memory, in bytes; what it shares with others is counted with each.
    fileprivate var size: Int { (earlier + input).reduce(run.size) { $0 + $1.size } }
}

/// The responses that can be asked for, in memory: the newest ones, as far as there is room.
///
/// Each is seen by its owner alone.
final class ResponseStore: Sendable {
    struct Limits: Sendable, Equatable {
        var count: Int
        var bytes: Int
    }

    private struct Entry {
        let response: StoredResponse
        var size: Int
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// The oldest first.
        var order: [String] = []
        var size = 0

        mutating func remove(_ id: String) -> StoredResponse? {
            guard let entry = entries.removeValue(forKey: id) else { return nil }
            order.removeAll { $0 == id }
            size -= entry.size
            return entry.response
        }

        /// Makes room; what is still being made stays.
        mutating func shrink(to limits: Limits) {
            guard entries.count > limits.count || size > limits.bytes else { return }
            for id in order where entries[id]?.response.run.response.status.isFinal == true {
                _ = remove(id)
                if entries.count <= limits.count, size <= limits.bytes { return }
            }
        }
    }

    private let limits: Limits
    private let state = Guarded(State())

    init(_ limits: Limits) { self.limits = limits }

    /// Keeps a response; older ones make room.
    func insert(_ response: StoredResponse) {
        let (id, size) = (response.run.response.id, response.size)
        state.withLock { state in
            state.entries[id] = Entry(response: response, size: size)
            state.order.append(id)
            state.size += size
            state.shrink(to: limits)
        }
    }

    /// Counts again what a response takes, once it is over.
    func settle(_ id: String) {
        state.withLock { state in
            guard let entry = state.entries[id] else { return }
            let size = entry.response.size
            state.entries[id]?.size = size
            state.size += size - entry.size
            state.shrink(to: limits)
        }
    }

    /// The owner's response of this id.
    func find(_ id: String, owner: Owner) -> StoredResponse? {
        state.withLock { state in
            guard let response = state.entries[id]?.response, response.owner == owner else { return nil }
            return response
        }
    }

    /// Forgets the owner's response of this id; one that is being made is ended.
    ///
    /// - Returns: Whether there was one.
    func remove(_ id: String, owner: Owner) -> Bool {
        let response = state.withLock { state -> StoredResponse? in
            guard state.entries[id]?.response.owner == owner else { return nil }
            return state.remove(id)
        }
        response?.run.cancel()
        return response != nil
    }

    /// The item of this id in any of the owner's responses.
    func item(_ id: String, owner: Owner) -> ResponseItem? {
        let responses = state.withLock { state in
            state.order.reversed().compactMap { state.entries[$0]?.response }.filter { $0.owner == owner }
        }
        for response in responses {
            if let item = response.run.response.output.first(where: { $0.id == id }) { return item }
            if let item = response.input.first(where: { $0.id == id }) { return item }
        }
        return nil
    }

    /// Ends all that is still being made.
    func cancelAll() {
        for response in state.withLock({ $0.entries.values.map(\.response) }) { response.run.cancel() }
    }
}
