internal import CLlama
internal import RuntimeSupport
package import Scheduling

/// A grammar that was read for a model's vocabulary, ready for samplers.
///
/// Shared by threads.
@safe final class CompiledGrammar: Sendable {
    // Safe to share: it never changes once it is made.
    nonisolated(unsafe) let handle: OpaquePointer

    /// Reads a grammar, in time that its size bounds.
    ///
    /// - Parameters:
    ///   - grammar: What answers are held to.
    ///   - model: Whose vocabulary; not needed later.
    /// - Throws: `LlamaError` with code `invalidArgument`, and what is wrong with the grammar.
    init(_ grammar: Grammar, model: LlamaModel) throws(LlamaError) {
        var handle: OpaquePointer?
        var rules = grammar.rules
        var opening = grammar.opening
        // One text for all values of triggers, so that pointers to them live as long as the call.
        let values = grammar.triggers.map { Array($0.value.utf8) }
        let joined = values.flatMap { $0 }.map(CChar.init(bitPattern:)) + [0]
        let status = rules.withUTF8 { rules in
            opening.withUTF8 { opening in
                unsafe joined.withUnsafeBufferPointer { joined in
                    var offset = 0
                    let triggers = unsafe zip(grammar.triggers, values).map { trigger, value in
                        defer { offset += value.count }
                        return unsafe cl_trigger(
                            kind: trigger.kind.native,
                            value: unsafe joined.baseAddress.map { unsafe $0 + offset },
                            length: value.count,
                            token: trigger.token ?? -1
                        )
                    }
                    return unsafe triggers.withUnsafeBufferPointer { triggers in
                        unsafe grammar.preservedTokens.withUnsafeBufferPointer { preserved in
                            unsafe grammar.root.withCString { root in
                                let options = unsafe cl_grammar_options(
                                    rules: rules.pointerToChars,
                                    rules_length: rules.count,
                                    root: root,
                                    lazy: grammar.isLazy,
                                    triggers: triggers.baseAddress,
                                    trigger_count: triggers.count,
                                    preserved: preserved.baseAddress,
                                    preserved_count: preserved.count,
                                    opening: opening.pointerToChars,
                                    opening_length: opening.count
                                )
                                return unsafe cl_grammar_create(model.handle, options, &handle)
                            }
                        }
                    }
                }
            }
        }
        try LlamaError.check(status, "read the grammar")
        guard let handle = unsafe handle else { fatalError("a creation that succeeds gives a grammar") }
        unsafe self.handle = handle
    }

    deinit { unsafe cl_grammar_free(handle) }
}

extension Grammar.Trigger.Kind {
    fileprivate var native: cl_trigger_kind {
        switch self {
        case .word: .CL_TRIGGER_WORD
        case .token: .CL_TRIGGER_TOKEN
        case .pattern: .CL_TRIGGER_PATTERN
        case .patternFull: .CL_TRIGGER_PATTERN_FULL
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate var pointerToChars: UnsafePointer<CChar>? {
        unsafe UnsafeRawPointer(baseAddress)?.assumingMemoryBound(to: CChar.self)
    }
}

/// The grammars that were asked for last: a request's is read before it is submitted, and used once it begins.
struct GrammarCache: Sendable {
    private static let capacity = 32

    /// The most recently used last.
    private var entries: [(grammar: Grammar, compiled: CompiledGrammar)] = []

    subscript(grammar: Grammar) -> CompiledGrammar? {
        mutating get {
            guard let index = entries.firstIndex(where: { $0.grammar == grammar }) else { return nil }
            entries.append(entries.remove(at: index))
            return entries.last?.compiled
        }
        set {
            entries.removeAll { $0.grammar == grammar }
            guard let newValue else { return }
            if entries.count == Self.capacity { entries.removeFirst() }
            entries.append((grammar, newValue))
        }
    }
}

extension LlamaModel {
    /// Makes ahead, on a thread that may take its time, what the engine's thread will need of a request's sampler.
    ///
    /// - Throws: `LlamaError` with code `invalidArgument`, and what is wrong, such as with the grammar.
    package func prepare(_ sampling: Sampling) throws(LlamaError) {
        guard sampling.grammar != nil || sampling.chain != nil else { return }
        _ = try LlamaSampler(model: self, sampling: sampling, penaltyWindow: 0)
    }

    func compiled(_ grammar: Grammar) throws(LlamaError) -> CompiledGrammar {
        if let known = grammars.withLock({ $0[grammar] }) { return known }
        let new = try CompiledGrammar(grammar, model: self)
        grammars.withLock { $0[grammar] = new }
        return new
    }
}
