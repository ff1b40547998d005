import Llama

/// Which models are loaded, who uses them, and who waits for one: a value without threads, clock or I/O.
///
/// Each event gives the actions that follow from it, to be carried out by whoever holds the value. What is loaded, being
/// loaded and being unloaded is never more than the budget. Those who wait get room in the order of their arrival: nobody
/// overtakes the first of them, but for models that need no room because they are loaded.
struct PoolState<Model: Sendable> {
    typealias Ticket = UInt64

    enum Action {
        /// A lease on the model has been counted for the ticket.
        case give(Ticket, String, Model)
        case refuse(Ticket, PoolError)
        /// To be answered with `loaded`.
        case load(String)
        /// To be answered with `unloaded`, once its memory is free.
        case unload(String, Model)
    }

    enum Phase {
        case absent
        case loading
        case loaded(Model, leases: Int, lastUse: UInt64)
        case unloading
    }

    private let budget: [UInt64]
    private let costs: [String: [UInt64]]
    private let maxWaiting: Int
    private var phases: [String: Phase] = [:]
    /// Those that are unloaded when their last lease ends, unless somebody asks for them before.
    private var retiring: Set<String> = []
    private var line: [(ticket: Ticket, id: String)] = []
    private var isClosed = false
    /// Counts uses: the time that least-recently-used is measured in.
    private var tick: UInt64 = 0

    /// - Parameters:
    ///   - budget: In bytes, for each memory.
    ///   - costs: What each model takes of each memory.
    ///   - maxWaiting: How many may wait for a model.
    init(budget: MemoryBudget, costs: [String: ModelMemory], maxWaiting: Int) {
        self.budget = budget.limits
        self.costs = costs.mapValues { $0.uses.map(\.total) }
        self.maxWaiting = maxWaiting
    }

    func phase(_ id: String) -> Phase { phases[id] ?? .absent }

    /// Somebody asks for a model.
    mutating func enter(_ ticket: Ticket, for id: String) -> [Action] {
        if isClosed { return [.refuse(ticket, .stopping)] }
        if case .loaded = phase(id) { return [give(ticket, id)].compactMap(\.self) }
        guard line.count < maxWaiting else { return [.refuse(ticket, .lineFull)] }
        line.append((ticket, id))
        return advance()
    }

    /// Somebody no longer waits.
    mutating func leave(_ ticket: Ticket) -> [Action] {
        line.removeAll { $0.ticket == ticket }
        return advance()
    }

    /// Somebody has waited for as long as one may: refused, unless the model is just being loaded.
    mutating func expire(_ ticket: Ticket) -> [Action] {
        guard let place = line.firstIndex(where: { $0.ticket == ticket }) else { return [] }
        if case .loading = phase(line[place].id) { return [] }
        line.remove(at: place)
        return [.refuse(ticket, .noRoom)] + advance()
    }

    /// A lease has ended.
    mutating func released(_ id: String) -> [Action] {
        guard case .loaded(let model, let leases, _) = phase(id) else { return [] }
        tick += 1
        phases[id] = .loaded(model, leases: leases - 1, lastUse: tick)
        if leases == 1, retiring.remove(id) != nil, !isClosed { return vacate(id) ?? [] }
        return advance()
    }

    /// A load has ended.
    mutating func loaded(_ id: String, _ result: Result<Model, any Error>) -> [Action] {
        switch result {
        case .success(let model):
            guard !isClosed else {
                phases[id] = .unloading
                return [.unload(id, model)]
            }
            tick += 1
            phases[id] = .loaded(model, leases: 0, lastUse: tick)
            return advance()
        case .failure(let error):
            phases[id] = .absent
            let refused = line.filter { $0.id == id }.map { Action.refuse($0.ticket, .loadFailed(id, "\(error)")) }
            line.removeAll { $0.id == id }
            return refused + advance()
        }
    }

    /// Somebody wants a model's memory free: it is unloaded unless it is in use, or will be at once.
    ///
    /// - Returns: What follows; nil where it is in use.
    mutating func vacate(_ id: String) -> [Action]? {
        switch phase(id) {
        case .absent, .unloading: return []
        case .loading: return nil
        case .loaded(_, let leases, _) where leases > 0: return nil
        case .loaded(let model, _, _):
            phases[id] = .unloading
            return [.unload(id, model)]
        }
    }

    /// Somebody who has finished with a model wants its memory free: it is unloaded once nobody uses it, unless it is asked for
    /// again before that.
    mutating func retire(_ id: String) -> [Action] {
        if let actions = vacate(id) { return actions }
        retiring.insert(id)
        return []
    }

    /// The memory of a model is free.
    mutating func unloaded(_ id: String) -> [Action] {
        phases[id] = .absent
        return advance()
    }

    /// Refuses everybody from now on, and unloads everything, used or not.
    mutating func close() -> [Action] {
        isClosed = true
        var actions = line.map { Action.refuse($0.ticket, .stopping) }
        line = []
        for (id, phase) in phases {
            guard case .loaded(let model, _, _) = phase else { continue }
            phases[id] = .unloading
            actions.append(.unload(id, model))
        }
        return actions
    }

    /// Whether no model takes memory.
    var isEmpty: Bool { phases.values.allSatisfy { if case .absent = $0 { true } else { false } } }

    // MARK: the line

    private mutating func give(_ ticket: Ticket, _ id: String) -> Action? {
        guard case .loaded(let model, let leases, _) = phase(id) else { return nil }
        tick += 1
        retiring.remove(id)
        phases[id] = .loaded(model, leases: leases + 1, lastUse: tick)
        return .give(ticket, id, model)
    }

    /// Serves the line as far as it goes.
    private mutating func advance() -> [Action] {
        guard !isClosed else { return [] }
        var actions: [Action] = []
        var rest: [(ticket: Ticket, id: String)] = []
        var isBlocked = false
        for (ticket, id) in line {
            if let action = give(ticket, id) {
                actions.append(action)
                continue
            }
            rest.append((ticket, id))
            guard case .absent = phase(id), !isBlocked else { continue }
            if fits(costs[id] ?? []) {
                phases[id] = .loading
                actions.append(.load(id))
            } else {
                actions += makeRoom(costs[id] ?? [])
                isBlocked = true
            }
        }
        line = rest
        return actions
    }

    /// Whether there is room beside what is there, but for some.
    private func fits(_ cost: [UInt64], without gone: Set<String> = []) -> Bool {
        let taken = phases.filter { entry in
            if case .absent = entry.value { false } else { !gone.contains(entry.key) }
        }
        return budget.indices.allSatisfy { memory in
            let used = taken.keys.reduce(0) { $0 + at(memory, costs[$1] ?? []) }
            return used + at(memory, cost) <= budget[memory]
        }
    }

    private func at(_ memory: Int, _ cost: [UInt64]) -> UInt64 { cost.indices.contains(memory) ? cost[memory] : 0 }

    /// Unloads idle models, least recently used first, where that makes the room; where it does not, none.
    private mutating func makeRoom(_ cost: [UInt64]) -> [Action] {
        var gone = Set(phases.filter { if case .unloading = $0.value { true } else { false } }.keys)
        // What is on its way out may be enough.
        if fits(cost, without: gone) { return [] }
        let idle = phases.compactMap { id, phase -> (id: String, lastUse: UInt64)? in
            if case .loaded(_, leases: 0, let lastUse) = phase { (id, lastUse) } else { nil }
        }
        .sorted { $0.lastUse < $1.lastUse }.map(\.id)
        var victims: [String] = []
        for id in idle where !fits(cost, without: gone) {
            victims.append(id)
            gone.insert(id)
        }
        guard fits(cost, without: gone) else { return [] }
        // Those that the last ones have made unnecessary may stay.
        victims.removeAll { id in
            guard fits(cost, without: gone.subtracting([id])) else { return false }
            gone.remove(id)
            return true
        }
        return victims.compactMap { id in
            guard case .loaded(let model, _, _) = phase(id) else { return nil }
            phases[id] = .unloading
            return .unload(id, model)
        }
    }
}

/// Why somebody gets no model.
enum PoolError: Error, Equatable, CustomStringConvertible {
    /// Everything that would have to make room is in use.
    case noRoom
    /// Too many wait already.
    case lineFull
    case loadFailed(String, String)
    case stopping

    var description: String {
        switch self {
        case .noRoom: "the models in use leave no room"
        case .lineFull: "too many wait for models already"
        case .loadFailed(let id, let reason): "\(id): \(reason)"
        case .stopping: "the server is stopping"
        }
    }
}
