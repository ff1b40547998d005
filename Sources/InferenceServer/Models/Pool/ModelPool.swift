import Llama
import RuntimeSupport

/// The models that are in memory: loaded when they are first asked for, unloaded when others need the room.
///
/// Safe to use from any task. Loads and unloads run in tasks of the pool's own, so they go on when those who asked for
/// them have gone.
final class ModelPool<Model: Sendable>: Sendable {
    typealias Loader = @Sendable (String) async throws -> Model
    /// Ends what the model does; its memory is freed when the last reference goes.
    typealias Unloader = @Sendable (Model) async -> Void

    private struct Waiter {
        let continuation: CheckedContinuation<ModelLease<Model>, any Error>
        var timer: Task<Void, Never>?
    }

    private struct Content {
        var state: PoolState<Model>
        var waiters: [PoolState<Model>.Ticket: Waiter] = [:]
        var nextTicket: PoolState<Model>.Ticket = 0
        var emptied: [CheckedContinuation<Void, Never>] = []
        /// Those who wait until a model's memory is free.
        var vacated: [String: [CheckedContinuation<Void, Never>]] = [:]
    }

    private let content: Guarded<Content>
    private let load: Loader
    private let unload: Unloader
    private let patience: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - state: The budget, and what each model takes of it.
    ///   - patience: Returns when somebody has waited for room for long enough.
    ///   - load: Called once for each load, one at a time for a model.
    ///   - unload: Called once for each model that was loaded.
    init(
        _ state: PoolState<Model>,
        patience: @escaping @Sendable () async throws -> Void,
        load: @escaping Loader,
        unload: @escaping Unloader
    ) {
        content = Guarded(Content(state: state))
        self.patience = patience
        self.load = load
        self.unload = unload
    }

    /// The model, loaded if need be; it stays loaded for as long as the lease is held.
    ///
    /// - Throws: `PoolError`, or `CancellationError` where the waiting task was cancelled.
    func lease(_ id: String) async throws -> ModelLease<Model> {
        let ticket = content.withLock { content in
            content.nextTicket += 1
            return content.nextTicket
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                perform { content in
                    content.waiters[ticket] = Waiter(continuation: continuation)
                    return content.state.enter(ticket, for: id)
                }
                startTimer(ticket)
                // The handler may have run before there was anybody to take away.
                if Task.isCancelled { takeAway(ticket) }
            }
        } onCancel: {
            takeAway(ticket)
        }
    }

    /// What has become of a model.
    func phase(_ id: String) -> PoolState<Model>.Phase { content.withLock { $0.state.phase(id) } }

    /// Unloads a model that nobody uses, and returns when its memory is free.
    ///
    /// - Returns: False where it is in use; it stays then.
    func unload(_ id: String) async -> Bool {
        var isFree = true
        perform { content in
            let actions = content.state.vacate(id)
            isFree = actions != nil
            return actions ?? []
        }
        guard isFree else { return false }
        await withCheckedContinuation { continuation in
            let isGone = content.withLock { content in
                guard case .unloading = content.state.phase(id) else { return true }
                content.vacated[id, default: []].append(continuation)
                return false
            }
            if isGone { continuation.resume() }
        }
        return true
    }

    /// Unloads a model once nobody uses it, unless it is asked for again before that.
    func retire(_ id: String) { perform { $0.state.retire(id) } }

    /// Refuses everybody from now on, unloads everything, and returns when that is done.
    func close() async {
        perform { $0.state.close() }
        await withCheckedContinuation { continuation in
            let isDone = content.withLock { content in
                if !content.state.isEmpty { content.emptied.append(continuation) }
                return content.state.isEmpty
            }
            if isDone { continuation.resume() }
        }
    }

    private func takeAway(_ ticket: PoolState<Model>.Ticket) {
        guard let continuation = take(ticket) else { return }
        perform { $0.state.leave(ticket) }
        continuation.resume(throwing: CancellationError())
    }

    private func startTimer(_ ticket: PoolState<Model>.Ticket) {
        content.withLock { content in
            guard content.waiters[ticket] != nil else { return }
            content.waiters[ticket]?.timer = Task { [weak self, patience] in
                guard (try? await patience()) != nil else { return }
                self?.perform { $0.state.expire(ticket) }
            }
        }
    }

    /// Changes the state within the lock, and does what follows outside of it.
    private func perform(_ change: (inout Content) -> [PoolState<Model>.Action]) {
        let actions = content.withLock { content in change(&content) }
        for action in actions {
            switch action {
            case .give(let ticket, let id, let model):
                if let waiter = take(ticket) {
                    // The waiter's alone: what is held here for a moment longer would keep the model in use.
                    waiter.resume(returning: ModelLease(model) { [self] in perform { $0.state.released(id) } })
                } else {
                    perform { $0.state.released(id) }
                }
            case .refuse(let ticket, let error):
                take(ticket)?.resume(throwing: error)
            case .load(let id):
                Task {
                    let result: Result<Model, any Error>
                    do { result = .success(try await load(id)) } catch { result = .failure(error) }
                    perform { $0.state.loaded(id, result) }
                }
            case .unload(let id, let model):
                let holder = Guarded<Model?>(model)
                Task {
                    if let model = holder.withLock({ $0 }) { await unload(model) }
                    // The last reference: after this its memory is free.
                    holder.withLock { $0 = nil }
                    var waiting: [CheckedContinuation<Void, Never>] = []
                    perform { content in
                        waiting = content.vacated.removeValue(forKey: id) ?? []
                        return content.state.unloaded(id)
                    }
                    waiting.forEach { $0.resume() }
                }
            }
        }
        let emptied = content.withLock { content in
            guard content.state.isEmpty else { return [CheckedContinuation<Void, Never>]() }
            defer { content.emptied = [] }
            return content.emptied
        }
        emptied.forEach { $0.resume() }
    }

    /// Who waits with this ticket, and does not wait any longer.
    private func take(_ ticket: PoolState<Model>.Ticket) -> CheckedContinuation<ModelLease<Model>, any Error>? {
        let waiter = content.withLock { $0.waiters.removeValue(forKey: ticket) }
        waiter?.timer?.cancel()
        return waiter?.continuation
    }
}
