import CLlama
import Foundation

/// A grammar of the C target, over a small vocabulary.
final class NativeGrammar {
    // Loaded once, and never changed.
    nonisolated(unsafe) private static let model: OpaquePointer = {
        var options = cl_model_options()
        options.vocabulary_only = true
        var model: OpaquePointer?
        let path = Templates.folder.appending(path: "ggml-vocab-phi-3.gguf").path
        guard cl_model_load(path, options, &model) == .CL_OK, let model else {
            fatalError(String(cString: cl_last_error()))
        }
        return model
    }()
    private static let size: Int = {
        var info = cl_vocabulary_info()
        guard cl_vocabulary_get_info(model, &info) == .CL_OK else { fatalError(String(cString: cl_last_error())) }
        return Int(info.size)
    }()

    private let handle: OpaquePointer

    /// Nil where it is no grammar.
    init?(_ rules: String) {
        var handle: OpaquePointer?
        let text = Array(rules.utf8CString)
        let status = text.withUnsafeBufferPointer { text in
            "root".withCString { root in
                var options = cl_grammar_options()
                options.rules = text.baseAddress
                options.rules_length = text.count - 1
                options.root = root
                return cl_grammar_create(Self.model, options, &handle)
            }
        }
        guard status == .CL_OK, let handle else { return nil }
        self.handle = handle
    }

    deinit { cl_grammar_free(handle) }

    /// Which tokens may follow some others; nil where those are not of the grammar.
    func allowed(after tokens: [Int32]) -> [Bool]? {
        var allowed = [Bool](repeating: false, count: Self.size)
        return cl_grammar_allowed(handle, tokens, tokens.count, &allowed) == .CL_OK ? allowed : nil
    }
}
