/// A radix tree over prompts: which sequences and saved states begin with which items.
///
/// Asking what a prompt shares with all of them costs a walk along the prompt, however many there are. A path may be
/// longer than what is in memory yet: that of a prompt being computed is all of it from the start, which is how others
/// learn what is coming.
struct PrefixTree: Sendable {
    /// What holds, or will hold, the items of a path.
    enum Holder: Hashable, Sendable {
        case sequence(SequenceID)
        case state(StateID)
    }

    /// A run of items without a branch; the root's is empty.
    private struct Node: Sendable {
        var label: [PromptItem] = []
        var parent = 0
        var children: [PromptItem: Int] = [:]
        /// Those whose paths end at the label's end.
        var holders: Set<Holder> = []
    }

    private var nodes = [Node()]
    private var unused: [Int] = []
    private var ends: [Holder: Int] = [:]

    var isEmpty: Bool { ends.isEmpty }
    var holders: some Collection<Holder> { ends.keys }

    /// Puts a holder, which is not in the tree, at the end of a path.
    mutating func insert(_ holder: Holder, _ items: [PromptItem]) { insert(holder, items[...], below: 0) }

    /// Makes a holder's path longer.
    mutating func extend(_ holder: Holder, by items: [PromptItem]) {
        guard let node = ends[holder], !items.isEmpty else { return }
        if node != 0, nodes[node].children.isEmpty, nodes[node].holders.count == 1 {
            nodes[node].label += items
            return
        }
        nodes[node].holders.remove(holder)
        insert(holder, items[...], below: node)
        tidy(node)
    }

    mutating func remove(_ holder: Holder) {
        guard let node = ends.removeValue(forKey: holder) else { return }
        nodes[node].holders.remove(holder)
        tidy(node)
    }

    /// Everybody who shares at least the first item, and how many items each shares.
    func matches(_ prompt: [PromptItem]) -> [(holder: Holder, shared: Int)] {
        var found: [(holder: Holder, shared: Int)] = []
        var node = 0
        var depth = 0
        while true {
            let next = depth < prompt.count ? nodes[node].children[prompt[depth]] : nil
            if depth > 0 {
                found += nodes[node].holders.map { ($0, depth) }
                for child in nodes[node].children.values where child != next { collect(child, depth, into: &found) }
            }
            guard let next else { return found }
            let common = commonPrefix(nodes[next].label[...], prompt[depth...])
            depth += common
            if common < nodes[next].label.count {
                collect(next, depth, into: &found)
                return found
            }
            node = next
        }
    }

    /// The path of a holder, from the root.
    func path(of holder: Holder) -> [PromptItem]? {
        guard var node = ends[holder] else { return nil }
        var labels: [[PromptItem]] = []
        while node != 0 {
            labels.append(nodes[node].label)
            node = nodes[node].parent
        }
        return labels.reversed().flatMap { $0 }
    }

    private func collect(_ node: Int, _ shared: Int, into found: inout [(holder: Holder, shared: Int)]) {
        found += nodes[node].holders.map { ($0, shared) }
        for child in nodes[node].children.values { collect(child, shared, into: &found) }
    }

    private mutating func insert(_ holder: Holder, _ items: ArraySlice<PromptItem>, below start: Int) {
        var node = start
        var rest = items
        while let first = rest.first, let child = nodes[node].children[first] {
            let common = commonPrefix(nodes[child].label[...], rest)
            if common < nodes[child].label.count { split(child, at: common) }
            node = child
            rest = rest.dropFirst(common)
        }
        if let first = rest.first {
            let leaf = makeNode(Node(label: Array(rest), parent: node))
            nodes[node].children[first] = leaf
            node = leaf
        }
        nodes[node].holders.insert(holder)
        ends[holder] = node
    }

    /// Cuts a node's label in two: the node keeps the first part, a new child has the rest and all that was below.
    private mutating func split(_ node: Int, at count: Int) {
        var lower = nodes[node]
        lower.label.removeFirst(count)
        lower.parent = node
        let child = makeNode(lower)
        for grandchild in lower.children.values { nodes[grandchild].parent = child }
        for holder in lower.holders { ends[holder] = child }
        nodes[node].label.removeSubrange(count...)
        nodes[node].holders = []
        nodes[node].children = [lower.label[0]: child]
    }

    /// Takes out a node that nobody needs any more, or makes one of it and its only child.
    private mutating func tidy(_ node: Int) {
        guard node != 0, nodes[node].holders.isEmpty else { return }
        let parent = nodes[node].parent
        switch nodes[node].children.count {
        case 0:
            nodes[parent].children[nodes[node].label[0]] = nil
            drop(node)
            tidy(parent)
        case 1:
            guard let child = nodes[node].children.first?.value else { return }
            nodes[node].label += nodes[child].label
            nodes[node].children = nodes[child].children
            nodes[node].holders = nodes[child].holders
            for grandchild in nodes[node].children.values { nodes[grandchild].parent = node }
            for holder in nodes[node].holders { ends[holder] = node }
            drop(child)
        default: break
        }
    }

    private mutating func makeNode(_ node: Node) -> Int {
        if let index = unused.popLast() {
            nodes[index] = node
            return index
        }
        nodes.append(node)
        return nodes.count - 1
    }

    private mutating func drop(_ node: Int) {
        nodes[node] = Node()
        unused.append(node)
    }
}

/// The number of items at the start that two prompts have in common.
func commonPrefix(_ left: ArraySlice<PromptItem>, _ right: ArraySlice<PromptItem>) -> Int {
    let count = min(left.count, right.count)
    return (0..<count).first { left[left.startIndex + $0] != right[right.startIndex + $0] } ?? count
}
