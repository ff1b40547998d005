import CLlama
import CLlamaReference
import TestSupport
import Testing

/// A grammar of the C target, over the default model's vocabulary.
final class NativeGrammar {
    let handle: OpaquePointer

    /// Gives a grammar, or the reason why it is none.
    static func make(_ rules: String, root: String = "root") -> Result<NativeGrammar, GrammarRefusal> {
        var handle: OpaquePointer?
        let text = Array(rules.utf8CString)
        let status = text.withUnsafeBufferPointer { text in
            root.withCString { root in
                var options = cl_grammar_options()
                options.rules = text.baseAddress
                options.rules_length = text.count - 1
                options.root = root
                return cl_grammar_create(RealLogits.vocabulary, options, &handle)
            }
        }
        guard status == .CL_OK, let handle else {
            return .failure(GrammarRefusal(status: status, reason: String(cString: cl_last_error())))
        }
        return .success(NativeGrammar(takingOwnershipOf: handle))
    }

    init(takingOwnershipOf handle: OpaquePointer) { self.handle = handle }

    deinit { cl_grammar_free(handle) }

    /// Which tokens may follow some others; nil where those are not of the grammar.
    func allowed(after tokens: [Int32] = []) -> [Bool]? {
        var allowed = [Bool](repeating: false, count: RealLogits.size)
        return cl_grammar_allowed(handle, tokens, tokens.count, &allowed) == .CL_OK ? allowed : nil
    }
}

struct GrammarRefusal: Error {
    let status: cl_status
    let reason: String
}

/// llama.cpp's own sampler of the same grammar.
final class ReferenceGrammar {
    private let handle: OpaquePointer

    /// Nil where llama.cpp takes it for no grammar.
    init?(_ rules: String) {
        guard let handle = reference_grammar_create(InstalledModels.chat, rules) else { return nil }
        guard reference_grammar_exists(handle) else {
            reference_grammar_free(handle)
            return nil
        }
        self.handle = handle
    }

    deinit { reference_grammar_free(handle) }

    func allowed() -> [Bool] {
        var allowed = [Bool](repeating: false, count: RealLogits.size)
        reference_grammar_allowed(handle, &allowed)
        return allowed
    }

    func accept(_ token: Int32) { reference_grammar_accept(handle, token) }
}
