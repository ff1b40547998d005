internal import CLlama
internal import Foundation

/// The number of a token in its vocabulary.
package typealias Token = Int32

/// The vocabulary of a model: text into tokens, and tokens into bytes.
///
/// It is read-only, so one is shared by all threads. llama.h says of the functions behind it: "The API is thread-safe."
/// Encoding blocks for as long as it takes, about a second for a few megabytes of text.
///
/// Ownership: it keeps whatever owns the native model alive.
@safe package final class Vocabulary: Sendable {
    /// How a vocabulary cuts text, for reports.
    package enum Kind: Hashable, Sendable {
        case sentencePiece, byteLevel, wordPiece, unigram, rwkv, plamo, other(UInt32)
    }

    /// The native model, a `cl_model`.
    // Safe to share: read-only once loaded, and alive as long as `owner`, which this object keeps.
    nonisolated(unsafe) let model: OpaquePointer

    private let owner: any AnyObject & Sendable

    package let kind: Kind

    /// The number of tokens; each token is in `0..<size`.
    package let size: Int

    package let beginningOfSequence: Token?
    package let endOfSequence: Token?
    package let endOfTurn: Token?
    package let separator: Token?
    package let padding: Token?
    package let newline: Token?
    /// What a model that fills in the middle of a text is asked with.
    ///
    /// Nil where the vocabulary lacks one that such prompts need.
    package let fillInTheMiddle: FillInTheMiddle.Tokens?

    /// Whether `addSpecial` puts a beginning-of-sequence token first.
    package let addsBeginningOfSequence: Bool

    /// Whether `addSpecial` puts an end-of-sequence token last.
    package let addsEndOfSequence: Bool

    /// Whether a text of its own loses the space that its first token brings.
    let stripsFirstSpace: Bool

    /// What is known of the number of tokens in a text, or nil where text may vanish on its way to tokens.
    private let density: TokenDensity?

    /// Loads the vocabulary of a GGUF file, without its weights.
    ///
    /// - Throws: ``TokenizerError`` with `unusableModel` where the file is not a readable GGUF file with a vocabulary.
    package convenience init(contentsOf path: String) throws(TokenizerError) {
        let file = try VocabularyFile(path)
        try unsafe self.init(sharing: file.model, owner: file)
    }

    /// Shares the vocabulary of a loaded model.
    ///
    /// - Parameters:
    ///   - model: A `cl_model`, borrowed.
    ///   - owner: What frees the model when it goes; kept for as long as this object lives.
    /// - Throws: ``TokenizerError`` with `unusableModel` where the model has no vocabulary.
    package init(sharing model: OpaquePointer, owner: any AnyObject & Sendable) throws(TokenizerError) {
        var info = cl_vocabulary_info()
        guard unsafe cl_vocabulary_get_info(model, &info) == .CL_OK else {
            throw TokenizerError(.unusableModel, unsafe String(cString: cl_last_error()))
        }
        unsafe self.model = model
        self.owner = owner
        kind = Kind(info.type)
        size = Int(info.size)
        beginningOfSequence = Self.token(info.bos)
        endOfSequence = Self.token(info.eos)
        endOfTurn = Self.token(info.eot)
        separator = Self.token(info.sep)
        padding = Self.token(info.pad)
        newline = Self.token(info.newline)
        if let prefix = Self.token(info.fim_prefix), let suffix = Self.token(info.fim_suffix),
            let middle = Self.token(info.fim_middle)
        {
            fillInTheMiddle = FillInTheMiddle.Tokens(
                prefix: prefix,
                suffix: suffix,
                middle: middle,
                repository: Self.token(info.fim_repository),
                file: Self.token(info.fim_file)
            )
        } else {
            fillInTheMiddle = nil
        }
        addsBeginningOfSequence = info.adds_bos
        addsEndOfSequence = info.adds_eos
        stripsFirstSpace = info.strips_first_space
        density = unsafe TokenDensity(model)
    }

    /// Whether there is such a token.
    package func contains(_ token: Token) -> Bool { token >= 0 && token < size }

    /// Whether an answer ends with this token; false for numbers that are no tokens.
    package func isEndOfGeneration(_ token: Token) -> Bool { unsafe cl_token_is_end(model, token) }

    /// Whether the token steers the model rather than standing for text; false for numbers that are no tokens.
    package func isControl(_ token: Token) -> Bool { unsafe cl_token_is_control(model, token) }

    /// The token with exactly this text, as the vocabulary writes it; looks at every token, so ask once.
    package func token(named name: String) -> Token? {
        var name = name
        return Self.token(name.withUTF8 { unsafe cl_token_find(model, $0.pointerToChars, $0.count) })
    }

    /// Fewest tokens that this text can have, special tokens that `addSpecial` adds not counted.
    ///
    /// It takes a fraction of the time of encoding, so it refuses a text that cannot fit before megabytes of it are
    /// tokenized. It is 0 where no bound is known: vocabularies that normalize (WordPiece, unigram) can make one token
    /// of a text of any length.
    package func minimumTokenCount(of text: String) -> Int { density?.minimumTokenCount(of: text) ?? 0 }

    /// Fewest tokens that any text of so many UTF-8 bytes can have: a weaker bound, and 0 for more vocabularies.
    package func minimumTokenCount(ofUTF8Length length: Int) -> Int {
        density?.minimumTokenCount(ofUTF8Length: length) ?? 0
    }

    private static func token(_ id: Int32) -> Token? { id < 0 ? nil : id }
}

extension Vocabulary.Kind {
    fileprivate init(_ type: cl_vocabulary_type) {
        self =
            switch type {
            case .CL_VOCABULARY_SPM: .sentencePiece
            case .CL_VOCABULARY_BPE: .byteLevel
            case .CL_VOCABULARY_WPM: .wordPiece
            case .CL_VOCABULARY_UGM: .unigram
            case .CL_VOCABULARY_RWKV: .rwkv
            case .CL_VOCABULARY_PLAMO2: .plamo
            default: .other(type.rawValue)
            }
    }
}

/// A model file loaded for its vocabulary alone; frees it at the end.
@safe private final class VocabularyFile: Sendable {
    // Safe to share: the model is read-only, and freed when nobody holds this object any more.
    nonisolated(unsafe) let model: OpaquePointer

    init(_ path: String) throws(TokenizerError) {
        var options = unsafe cl_model_options()
        unsafe options.vocabulary_only = true
        var model: OpaquePointer?
        let attributes = try? FileManager.default.attributesOfItem(atPath: (path as NSString).resolvingSymlinksInPath)
        guard attributes?[.type] as? FileAttributeType == .typeRegular, FileManager.default.isReadableFile(atPath: path)
        else { throw TokenizerError(.unusableModel, "\(path) is not a readable file.") }
        try TokenizerError.check(unsafe cl_model_load(path, options, &model), or: .unusableModel)
        guard let model = unsafe model else { throw TokenizerError(.failed, "The model was not handed over.") }
        unsafe self.model = model
    }

    deinit { unsafe cl_model_free(model) }
}
