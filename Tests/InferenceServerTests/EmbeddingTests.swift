import Llama
import Testing
import WireFormat

@testable import InferenceServer

@Suite("Vectors, templates and examples")
struct EmbeddingTests {
    @Test("a vector is given length 1, cut or whole; zeros stay")
    func lengths() {
        #expect([Float](arrayLiteral: 3, 4).normalized == [0.6, 0.8])
        #expect([Float](arrayLiteral: 0, 0).normalized == [0, 0])
        #expect([Float](arrayLiteral: 3, 4, 12).shortened(to: 2) == [0.6, 0.8])
        #expect([Float](arrayLiteral: 3, 4).shortened(to: 2) == [3, 4])
        #expect([Float](arrayLiteral: 3, 4).shortened(to: nil) == [3, 4])
        // So large that squares would overflow.
        #expect(abs([Float](arrayLiteral: 3e30, 4e30).normalized[1] - 0.8) < 1e-6)
    }

    @Test("a reranker's template is cut at its gaps, whatever their order")
    func templates() {
        #expect(
            RankTemplate("<q>{query}</q><d>{document}").pieces == [
                .text("<q>"), .query, .text("</q><d>"), .document,
            ]
        )
        #expect(RankTemplate("{document}{query}{query}").pieces == [.document, .query, .query])
        #expect(RankTemplate("none").pieces == [.text("none")])
        #expect(RankTemplate("").pieces.isEmpty)
    }

    @Test("there are examples of every category, and harmless ones, none twice")
    func examples() {
        let examples = ModerationExamples.all
        #expect(Set(examples.map(\.text)).count == examples.count)
        for category in ModerationCategory.allCases {
            #expect(examples.count { $0.categories.contains(category) } >= 5, "\(category)")
        }
        #expect(examples.count { $0.categories.isEmpty } >= 50)
    }

    @Test("what is like an example is judged like it, and nothing else is")
    func judging() {
        let examples = [
            ModerationExamples.Example(categories: [.violence, .violenceGraphic], text: "a"),
            ModerationExamples.Example(categories: [.hate], text: "b"),
            ModerationExamples.Example(categories: [], text: "c"),
        ]
        let vectors: [[Float]] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
        let classifier = ModerationClassifier(examples, vectors)
        #expect(classifier.judge([1, 0, 0]).flagged == [.violence, .violenceGraphic])
        #expect(classifier.judge([0, 1, 0]).flagged == [.hate])
        #expect(classifier.judge([0, 0, 1]).flagged.isEmpty)
        #expect(classifier.judge([0, 0, 1]).scores.values.allSatisfy { (0..<0.5).contains($0) })
        let parts = [classifier.judge([0, 1, 0]), classifier.judge([1, 0, 0])]
        #expect(Moderation.Result.worst(parts).flagged == [.hate, .violence, .violenceGraphic])
        #expect(Moderation.Result.worst([]).flagged.isEmpty)
    }

    @Test("OpenAI's names of models stand for one of the same kind")
    func aliases() {
        #expect(ModelAliases.kind("text-embedding-3-small") == .embedding)
        #expect(ModelAliases.kind("gpt-4o") == .chat)
        #expect(ModelAliases.kind("text-embedding-4") == nil)
        #expect(ModelAliases.kind("omni-moderation-latest") == nil)
    }
}
