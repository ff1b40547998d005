import Foundation
import Llama
import RuntimeSupport
import Scheduling
import TestSupport
import Testing
import Tokenizer

/// The default embedding model, loaded once for all tests.
private enum LoadedEmbedder {
    static let shared: Result<LlamaModel, LlamaError> = {
        LlamaRuntime.start()
        return Result { () throws(LlamaError) in try LlamaModel(path: InstalledModels.embedding) }
    }()

    static func makeBackend(sequences: Int = 64, abort: AbortFlag = AbortFlag()) throws -> LlamaBackend {
        var options = LlamaBackend.Options(contextLength: 512, sequences: sequences, threads: 1)
        options.embeds = true
        return try LlamaBackend(model: try shared.get(), options: options, abort: abort)
    }

    static func tokens(_ text: String) throws -> [Token] {
        let vocabulary = try shared.get().makeVocabulary()
        return try vocabulary.encode(vocabulary.normalized(text), addSpecial: true, parseSpecial: false)
    }

    /// The vectors of texts in one step.
    static func embed(_ texts: [[Token]], _ backend: LlamaBackend) throws -> [[Float]] {
        let step = texts.enumerated().map { place, tokens in
            EmbeddingText(request: RequestID(rawValue: 1), place: place, tokens: tokens)
        }
        guard case .embedded(let vectors) = backend.run(BatchPlan(step: .embeddings(step))) else {
            throw SchedulingError(.backendFailed, "the step failed")
        }
        return vectors
    }

    static func cosine(_ left: [Float], _ right: [Float]) -> Double {
        func dot(_ left: [Float], _ right: [Float]) -> Double {
            zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        return dot(left, right) / (dot(left, left) * dot(right, right)).squareRoot()
    }
}

/// A text and its vector, as Scripts/make-embedding-reference.py has computed them.
private struct ReferenceVector: Decodable {
    let text: String
    let tokens: Int
    let vector: Data

    static let all: [Self] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().path + "/Embeddings"
        guard let data = FileManager.default.contents(atPath: folder + "/reference.json") else { return [] }
        return (try? JSONDecoder().decode([Self].self, from: data)) ?? []
    }()

    var values: [Float] {
        stride(from: 0, to: vector.count, by: 4).map { place in
            Float(bitPattern: vector[place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
        }
    }
}

@Suite("Embeddings of the default model")
struct EmbeddingTests {
    @Test("200 varied texts have the vectors that plain numpy computes from the model's own weights")
    func reference() throws {
        let references = ReferenceVector.all
        #expect(references.count == 200)
        let backend = try LoadedEmbedder.makeBackend()
        var worst = 1.0
        var rest = references[...]
        while !rest.isEmpty {
            // As the scheduler packs them: many texts in one pass.
            var batch: [[Token]] = []
            var room = backend.limits.maxEmbeddingTokens
            while let next = rest.first {
                let tokens = try LoadedEmbedder.tokens(next.text)
                #expect(tokens.count == next.tokens, "\(next.text)")
                guard tokens.count <= room, batch.count < 64 else { break }
                batch.append(tokens)
                room -= tokens.count
                rest = rest.dropFirst()
            }
            let expected = references[(rest.startIndex - batch.count)..<rest.startIndex]
            for (vector, reference) in zip(try LoadedEmbedder.embed(batch, backend), expected) {
                let cosine = LoadedEmbedder.cosine(vector, reference.values)
                #expect(cosine >= 0.9999, "\(reference.text): \(cosine)")
                worst = min(worst, cosine)
            }
        }
        print("embeddings: the smallest cosine to the reference is \(worst)")
    }

    @Test("a text has the same vector alone and with others")
    func company() throws {
        let backend = try LoadedEmbedder.makeBackend()
        let texts = try ["A cat.", "The quick brown fox jumps over the lazy dog.", "Why?"].map(LoadedEmbedder.tokens)
        let together = try LoadedEmbedder.embed(texts, backend)
        for (text, vector) in zip(texts, together) {
            let alone = try LoadedEmbedder.embed([text], backend)[0]
            #expect(LoadedEmbedder.cosine(alone, vector) > 0.99999)
        }
        #expect(LoadedEmbedder.cosine(together[0], together[1]) < 0.9)
    }

    @Test("a step may be as large as it may be, and no larger: that would end the process")
    func limits() throws {
        let backend = try LoadedEmbedder.makeBackend()
        #expect(backend.limits.embeds && !backend.limits.generates)
        #expect(backend.limits.contextLength == 512 && backend.limits.maxEmbeddingTokens == 512)
        let long: [Token] = Array(repeating: 7592, count: 512)
        #expect(try LoadedEmbedder.embed([long], backend)[0].count == 384)
        let faults: [[[Token]]] = [
            [long + [7592]], [long, [7592]], Array(repeating: [7592], count: 65), [[30522]], [[-1]],
        ]
        for texts in faults { #expect(throws: SchedulingError.self) { try LoadedEmbedder.embed(texts, backend) } }
        #expect(try LoadedEmbedder.embed([long], backend).count == 1)
    }

    @Test("positions that the model has not learned are refused, whatever context is asked for")
    func longContext() throws {
        var options = LlamaBackend.Options(contextLength: 2048, sequences: 4, threads: 1)
        options.embeds = true
        let backend = try LlamaBackend(model: try LoadedEmbedder.shared.get(), options: options)
        #expect(backend.limits.contextLength == 512)
        #expect(throws: SchedulingError.self) {
            try LoadedEmbedder.embed([Array(repeating: 7592, count: 600)], backend)
        }
    }

    @Test("a step is cut off when nobody wants it")
    func aborting() throws {
        let abort = AbortFlag()
        let backend = try LoadedEmbedder.makeBackend(abort: abort)
        abort.raise()
        let text = EmbeddingText(request: RequestID(rawValue: 1), tokens: try LoadedEmbedder.tokens("Hello"))
        guard case .aborted = backend.run(BatchPlan(step: .embeddings([text]))) else {
            Issue.record("it went on")
            return
        }
        abort.lower()
        guard case .embedded = backend.run(BatchPlan(step: .embeddings([text]))) else {
            Issue.record("it does not go on")
            return
        }
    }

    @Test("a model that generates is not made to embed without saying how")
    func withoutPooling() throws {
        var options = LlamaBackend.Options(contextLength: 512, sequences: 4, threads: 1)
        options.embeds = true
        let chat = try LoadedModel.shared.get()
        #expect(throws: LlamaError.self) { try LlamaBackend(model: chat, options: options) }
    }

    @Test("memory is planned as it is taken")
    func memory() throws {
        var options = LlamaBackend.Options(contextLength: 0, sequences: 64, threads: 1)
        options.embeds = true
        let plan = try LoadPlan(
            path: InstalledModels.embedding,
            options: options,
            contextLength: nil,
            placement: .automatic,
            budget: MemoryBudget(host: 1 << 30)
        )
        #expect(plan.options.contextLength == 512)
        let backend = try LlamaBackend(model: try LoadedEmbedder.shared.get(), options: plan.options)
        #expect(MemoryBudget(plan.memory).holds(try backend.memory()))
    }

    @Test("engines embed")
    func engine() async throws {
        let engine = InferenceEngine(name: "embed-test", backend: try LoadedEmbedder.makeBackend())
        let texts = try ["One.", "Two words."].map(LoadedEmbedder.tokens)
        let stream = try await engine.submit([.embedding(texts)])[0]
        guard case .embedding(let vectors, let usage)? = await stream.events.next() else {
            Issue.record("there are no vectors")
            return
        }
        #expect(vectors.map(\.count) == [384, 384])
        #expect(usage.prompt == texts.reduce(0) { $0 + $1.count })
        await engine.stop()
    }
}
