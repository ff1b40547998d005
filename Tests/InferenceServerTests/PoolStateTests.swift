import Llama
import TestSupport
import Testing

@testable import InferenceServer

/// The pool's decisions, as a table: which action follows from which event.
@Suite("The pool's state")
struct PoolStateTests {
    /// Models a, b and c take 6, 4 and 3 of 10; d takes 11.
    private func makeState(maxWaiting: Int = 10) -> PoolState<String> {
        let costs: [String: UInt64] = ["a": 6, "b": 4, "c": 3, "d": 11]
        return PoolState(
            budget: MemoryBudget(host: 10),
            costs: costs.mapValues { ModelMemory(host: MemoryUse(weights: $0)) },
            maxWaiting: maxWaiting
        )
    }

    private func names(_ actions: [PoolState<String>.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .give(let ticket, let id, _): "give \(id) to \(ticket)"
            case .refuse(let ticket, let error): "refuse \(ticket): \(error.description)"
            case .load(let id): "load \(id)"
            case .unload(let id, _): "unload \(id)"
            }
        }
    }

    /// Loads a model for a ticket and ends the lease, so that it is idle.
    private func loadIdle(_ id: String, _ ticket: UInt64, _ state: inout PoolState<String>) {
        _ = state.enter(ticket, for: id)
        _ = state.loaded(id, .success(id))
        _ = state.released(id)
    }

    @Test("several who ask for one model share one load")
    func oneLoad() {
        var state = makeState()
        #expect(names(state.enter(1, for: "a")) == ["load a"])
        #expect(names(state.enter(2, for: "a")) == [])
        #expect(names(state.loaded("a", .success("A"))) == ["give a to 1", "give a to 2"])
        #expect(names(state.enter(3, for: "a")) == ["give a to 3"])
    }

    @Test("two models that fit beside each other load side by side")
    func sideBySide() {
        var state = makeState()
        #expect(names(state.enter(1, for: "a")) == ["load a"])
        #expect(names(state.enter(2, for: "b")) == ["load b"])
    }

    @Test("the least recently used idle model makes room, and its memory is free before the next one loads")
    func leastRecentlyUsed() {
        var state = makeState()
        loadIdle("b", 1, &state)
        loadIdle("c", 2, &state)
        #expect(names(state.enter(3, for: "b")) == ["give b to 3"])
        #expect(names(state.released("b")) == [])
        #expect(names(state.enter(4, for: "a")) == ["unload c"])
        #expect(names(state.unloaded("c")) == ["load a"])
    }

    @Test("a model that need not go stays, though it was used longest ago")
    func noNeedlessUnload() {
        var state = makeState()
        loadIdle("c", 1, &state)
        loadIdle("a", 2, &state)
        // Room for b: c alone leaves 4 - 0, so it is enough; a stays.
        #expect(names(state.enter(3, for: "b")) == ["unload c"])
        var other = makeState()
        loadIdle("b", 1, &other)
        loadIdle("a", 2, &other)
        // c needs 3: b is the older one and enough.
        #expect(names(other.enter(3, for: "c")) == ["unload b"])
    }

    @Test("a model in use is never unloaded; who needs its room waits for it")
    func inUse() {
        var state = makeState()
        _ = state.enter(1, for: "a")
        _ = state.loaded("a", .success("A"))
        loadIdle("b", 2, &state)
        _ = state.enter(3, for: "b")
        #expect(names(state.enter(4, for: "c")) == [])
        #expect(names(state.released("b")) == ["unload b"])
        #expect(names(state.unloaded("b")) == ["load c"])
    }

    @Test("nothing is unloaded where it would not make enough room")
    func notEnough() {
        var state = makeState()
        _ = state.enter(1, for: "b")
        _ = state.loaded("b", .success("B"))
        loadIdle("c", 2, &state)
        // a needs 6: with c gone there are 6, so it goes.
        #expect(names(state.enter(3, for: "a")) == ["unload c"])
        var other = makeState()
        _ = other.enter(1, for: "a")
        _ = other.loaded("a", .success("A"))
        loadIdle("c", 2, &other)
        #expect(names(other.enter(3, for: "d")) == [])
        #expect(names(other.enter(4, for: "c")) == ["give c to 4"])
    }

    @Test("one that is to go is unloaded when its last lease ends, unless somebody has come since")
    func retiring() {
        var state = makeState()
        #expect(names(state.retire("a")) == [])
        _ = state.enter(1, for: "a")
        _ = state.loaded("a", .success("A"))
        _ = state.enter(2, for: "a")
        #expect(names(state.retire("a")) == [])
        #expect(names(state.released("a")) == [])
        #expect(names(state.released("a")) == ["unload a"])
        _ = state.unloaded("a")
        _ = state.enter(3, for: "a")
        _ = state.loaded("a", .success("A"))
        #expect(names(state.retire("a")) == [])
        _ = state.enter(4, for: "a")
        #expect(names(state.released("a")) == [])
        #expect(names(state.released("a")) == [])
        #expect(names(state.retire("a")) == ["unload a"])
    }

    @Test("who comes later does not overtake the first in the line, but for what is loaded")
    func line() {
        var state = makeState()
        _ = state.enter(1, for: "a")
        _ = state.loaded("a", .success("A"))
        _ = state.enter(2, for: "d")
        #expect(names(state.enter(3, for: "b")) == [])
        #expect(names(state.enter(4, for: "a")) == ["give a to 4"])
        #expect(names(state.expire(2)) == ["refuse 2: the models in use leave no room", "load b"])
    }

    @Test("a failed load is told to those who wait for it, and the next one tries again")
    func failedLoad() {
        var state = makeState()
        _ = state.enter(1, for: "a")
        _ = state.enter(2, for: "a")
        _ = state.enter(3, for: "b")
        let actions = names(state.loaded("a", .failure(PoolError.stopping)))
        #expect(actions == ["refuse 1: a: the server is stopping", "refuse 2: a: the server is stopping"])
        #expect(names(state.loaded("b", .success("B"))) == ["give b to 3"])
        #expect(names(state.enter(4, for: "a")) == ["load a"])
    }

    @Test("one who goes away while a model loads does not stop the load")
    func vanished() {
        var state = makeState()
        _ = state.enter(1, for: "a")
        _ = state.enter(2, for: "a")
        #expect(names(state.leave(1)) == [])
        #expect(names(state.loaded("a", .success("A"))) == ["give a to 2"])
        var alone = makeState()
        _ = alone.enter(1, for: "a")
        _ = alone.leave(1)
        #expect(names(alone.loaded("a", .success("A"))) == [])
        #expect(names(alone.enter(2, for: "b")) == ["load b"])
        #expect(names(alone.enter(3, for: "c")) == ["unload a"])
    }

    @Test("the line has an end, and waits for room have one too, but not waits for a load")
    func bounds() {
        var state = makeState(maxWaiting: 1)
        _ = state.enter(1, for: "a")
        #expect(names(state.enter(2, for: "b")) == ["refuse 2: too many wait for models already"])
        #expect(names(state.expire(1)) == [])
        #expect(names(state.loaded("a", .success("A"))) == ["give a to 1"])
        #expect(names(state.expire(1)) == [])
    }

    @Test("a closed pool refuses, unloads what is loaded, and what comes in late")
    func closed() {
        var state = makeState()
        _ = state.enter(1, for: "a")
        _ = state.loaded("a", .success("A"))
        _ = state.enter(2, for: "b")
        #expect(names(state.close()) == ["refuse 2: the server is stopping", "unload a"])
        #expect(names(state.enter(3, for: "a")) == ["refuse 3: the server is stopping"])
        #expect(names(state.loaded("b", .success("B"))) == ["unload b"])
        #expect(!state.isEmpty)
        #expect(names(state.released("a") + state.unloaded("a") + state.unloaded("b")) == [])
        #expect(state.isEmpty)
    }

    @Test("every memory counts by itself")
    func memories() {
        var state = PoolState<String>(
            budget: MemoryBudget(host: 10, gpus: [MemoryBudget.GPU(name: "GPU", budget: 10)]),
            costs: [
                "a": ModelMemory(host: MemoryUse(weights: 1), gpus: [MemoryUse(weights: 6)]),
                "b": ModelMemory(host: MemoryUse(weights: 1), gpus: [MemoryUse(weights: 5)]),
                "c": ModelMemory(host: MemoryUse(weights: 8), gpus: [MemoryUse(weights: 0)]),
            ],
            maxWaiting: 10
        )
        loadIdle("a", 1, &state)
        loadIdle("c", 2, &state)
        #expect(names(state.enter(3, for: "b")) == ["unload a"])
        #expect(names(state.unloaded("a")) == ["load b"])
    }

    @Test("whatever happens, what is loaded stays within the budget and what is in use stays loaded", arguments: 0..<50)
    func random(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var state = makeState(maxWaiting: 4)
        let costs: [String: UInt64] = ["a": 6, "b": 4, "c": 3, "d": 11]
        var loading: Set<String> = []
        var unloading: Set<String> = []
        var loaded: Set<String> = []
        var leases: [String: Int] = [:]
        var waiting: Set<UInt64> = []
        var ticket: UInt64 = 0
        for _ in 0..<400 {
            var actions: [PoolState<String>.Action] = []
            switch Int.random(in: 0..<6, using: &generator) {
            case 0, 1:
                ticket += 1
                waiting.insert(ticket)
                actions = state.enter(ticket, for: ["a", "b", "c", "d"].randomElement(using: &generator) ?? "a")
            case 2:
                guard let id = loading.sorted().randomElement(using: &generator) else { continue }
                loading.remove(id)
                let works = Bool.random(using: &generator)
                if works { loaded.insert(id) }
                actions = state.loaded(id, works ? .success(id) : .failure(PoolError.noRoom))
            case 3:
                guard let id = unloading.sorted().randomElement(using: &generator) else { continue }
                unloading.remove(id)
                actions = state.unloaded(id)
            case 4:
                guard let id = leases.filter({ $0.value > 0 }).keys.sorted().randomElement(using: &generator)
                else { continue }
                leases[id, default: 0] -= 1
                actions = state.released(id)
            default:
                guard let gone = waiting.sorted().randomElement(using: &generator) else { continue }
                if Bool.random(using: &generator) {
                    waiting.remove(gone)
                    actions = state.leave(gone)
                } else {
                    actions = state.expire(gone)
                }
            }
            for action in actions {
                switch action {
                case .give(let to, let id, _):
                    #expect(waiting.remove(to) != nil)
                    #expect(loaded.contains(id))
                    leases[id, default: 0] += 1
                case .refuse(let to, _): #expect(waiting.remove(to) != nil)
                case .load(let id):
                    #expect(loading.insert(id).inserted && !loaded.contains(id) && !unloading.contains(id))
                case .unload(let id, _):
                    #expect(loaded.remove(id) != nil && leases[id, default: 0] == 0)
                    unloading.insert(id)
                }
            }
            let taken = loading.union(loaded).union(unloading).reduce(0) { $0 + (costs[$1] ?? 0) }
            #expect(taken <= 10)
        }
    }
}
