import TestSupport
import Testing

@testable import Scheduling

@Suite("Prefix trees")
struct PrefixTreeTests {
    private func items(_ tokens: [TokenID]) -> [PromptItem] { tokens.map(PromptItem.token) }
    private func holder(_ number: Int32) -> PrefixTree.Holder { .sequence(SequenceID(rawValue: number)) }

    private func shared(_ tree: PrefixTree, _ tokens: [TokenID]) -> [PrefixTree.Holder: Int] {
        Dictionary(uniqueKeysWithValues: tree.matches(items(tokens)).map { ($0.holder, $0.shared) })
    }

    @Test("a prompt is told what it shares with each holder, and nothing of those that begin otherwise")
    func matches() {
        var tree = PrefixTree()
        tree.insert(holder(0), items([1, 2, 3, 4]))
        tree.insert(holder(1), items([1, 2, 7]))
        tree.insert(holder(2), items([1, 2]))
        tree.insert(holder(3), items([9, 2]))
        #expect(shared(tree, [1, 2, 3, 5]) == [holder(0): 3, holder(1): 2, holder(2): 2])
        #expect(shared(tree, [1]) == [holder(0): 1, holder(1): 1, holder(2): 1])
        #expect(shared(tree, [5]) == [:])
        #expect(shared(tree, []) == [:])
    }

    @Test(
        "whatever is inserted, extended and removed, matches are those of a comparison one by one",
        arguments: 0..<300
    )
    func random(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var tree = PrefixTree()
        var paths: [PrefixTree.Holder: [TokenID]] = [:]
        func tokens(_ random: inout SplitMix64) -> [TokenID] {
            (0..<Int.random(in: 0...12, using: &random)).map { _ in TokenID.random(in: 0...1, using: &random) }
        }
        for _ in 0..<60 {
            let holder = holder(Int32.random(in: 0..<8, using: &random))
            if paths[holder] == nil {
                paths[holder] = tokens(&random)
                tree.insert(holder, items(paths[holder, default: []]))
            } else if Bool.random(using: &random) {
                let more = tokens(&random)
                paths[holder, default: []] += more
                tree.extend(holder, by: items(more))
            } else {
                paths[holder] = nil
                tree.remove(holder)
            }
            for (holder, path) in paths { #expect(tree.path(of: holder) == items(path)) }
            let prompt = tokens(&random)
            let expected = paths.mapValues { zip($0, prompt).prefix { $0 == $1 }.count }.filter { $0.value > 0 }
            #expect(shared(tree, prompt) == expected)
        }
        paths.keys.forEach { tree.remove($0) }
        #expect(tree.isEmpty)
        #expect(tree.matches(items([0, 1])).isEmpty)
    }
}
