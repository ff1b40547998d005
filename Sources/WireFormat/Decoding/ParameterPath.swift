/// Where in a request a value stands; it becomes text only when an error needs it.
indirect enum ParameterPath: Sendable {
    case root
    case member(of: ParameterPath, name: String)
    case element(of: ParameterPath, index: Int)

    func member(_ name: String) -> ParameterPath { .member(of: self, name: name) }
    func element(_ index: Int) -> ParameterPath { .element(of: self, index: index) }

    /// The path in OpenAI's notation, such as `messages[0].content`, or nil for the request as a whole.
    var name: String? {
        switch self {
        case .root: nil
        case .member(let parent, let name): (parent.name.map { $0 + "." } ?? "") + name.clipped()
        case .element(let parent, let index): (parent.name ?? "") + "[\(index)]"
        }
    }

    /// The path as messages quote it.
    var quoted: String { name.map { "'\($0)'" } ?? "the request body" }
}
