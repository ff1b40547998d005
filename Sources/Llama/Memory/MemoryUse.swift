/// What a model takes of one memory, the host's or a GPU's, in bytes.
package struct MemoryUse: Sendable, Equatable {
    package var weights: UInt64 = 0
    /// The KV cache, or recurrent states.
    package var cache: UInt64 = 0
    /// The buffers of a step.
    package var compute: UInt64 = 0
    /// States of sequences that are kept outside the cache, at most.
    package var states: UInt64 = 0

    package init(weights: UInt64 = 0, cache: UInt64 = 0, compute: UInt64 = 0) {
        self.weights = weights
        self.cache = cache
        self.compute = compute
    }

    package var total: UInt64 { weights + cache + compute + states }

    static func + (left: Self, right: Self) -> Self {
        var sum = Self(
            weights: left.weights + right.weights,
            cache: left.cache + right.cache,
            compute: left.compute + right.compute
        )
        sum.states = left.states + right.states
        return sum
    }
}

/// What a model and its context take, in each memory.
package struct ModelMemory: Sendable, Equatable {
    package var host: MemoryUse
    /// In the order of ggml's devices.
    package var gpus: [MemoryUse]

    package init(host: MemoryUse, gpus: [MemoryUse] = []) {
        self.host = host
        self.gpus = gpus
    }

    /// The host's first.
    package var uses: [MemoryUse] { [host] + gpus }

    /// What two models take together, of the same memories.
    static func + (left: Self, right: Self) -> Self {
        Self(host: left.host + right.host, gpus: zip(left.gpus, right.gpus).map { $0 + $1 })
    }
}

/// What may be taken of each memory by all models together, in bytes.
package struct MemoryBudget: Sendable, Equatable {
    /// A GPU that this build can use.
    package struct GPU: Sendable, Equatable {
        package let name: String
        package let budget: UInt64

        package init(name: String, budget: UInt64) {
            self.name = name
            self.budget = budget
        }
    }

    package var host: UInt64
    /// In the order of ggml's devices; empty in a build without one.
    package var gpus: [GPU]

    package init(host: UInt64, gpus: [GPU] = []) {
        self.host = host
        self.gpus = gpus
    }

    /// What a model is planned to take, with a hundredth more: alignment differs.
    package init(_ memory: ModelMemory) {
        host = memory.host.total + memory.host.total / 100
        gpus = memory.gpus.map { GPU(name: "", budget: $0.total + $0.total / 100) }
    }

    /// The host's first.
    package var limits: [UInt64] { [host] + gpus.map(\.budget) }

    /// Whether what is taken stays within the budget in every memory.
    package func holds(_ memory: ModelMemory) -> Bool {
        zip(memory.uses, limits).allSatisfy { $0.total <= $1 }
    }
}
