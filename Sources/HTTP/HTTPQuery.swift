/// The parameters of a request's query, in their order.
package struct HTTPQuery: Sendable, Sequence {
    package struct Item: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    private let items: [Item]

    /// Reads what follows the `?` of a target.
    ///
    /// A parameter without `=` has an empty value.
    package init(_ text: Substring = "") {
        items = text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return Item(
                name: percentDecoded(parts[0], plusIsSpace: true),
                value: parts.count > 1 ? percentDecoded(parts[1], plusIsSpace: true) : ""
            )
        }
    }

    /// The first value of this name.
    package subscript(name: String) -> String? { items.first { $0.name == name }?.value }

    /// Every value of this name, in order, such as those of `include[]`.
    package func values(of name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

    package var isEmpty: Bool { items.isEmpty }

    package func makeIterator() -> IndexingIterator<[Item]> { items.makeIterator() }
}
