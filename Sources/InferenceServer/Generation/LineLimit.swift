/// Where a text ends whose lines are to be indented so far.
///
/// The first line is not looked at: it goes on from a prompt.
struct LineLimit {
    /// Spaces and tabs that each line begins with at least; 0 for no limit.
    private let minimumIndent: Int
    /// How many of them stand at the start of the line at hand; nil once something else stood there.
    private var indent: Int?
    /// Whether the limit was reached.
    private(set) var isOver = false

    init(minimumIndent: Int) { self.minimumIndent = minimumIndent }

    /// What of the next piece belongs to the text: all of it, or what comes before the first line that is not indented enough
    /// has its first letter.
    mutating func append(_ text: String) -> String {
        guard minimumIndent > 0 else { return text }
        var end = text.unicodeScalars.startIndex
        for index in text.unicodeScalars.indices {
            let scalar = text.unicodeScalars[index]
            if let indent, scalar == " " || scalar == "\t" {
                self.indent = indent + 1
            } else if let indent, indent < minimumIndent {
                isOver = true
                break
            } else {
                indent = scalar == "\n" ? 0 : nil
            }
            end = text.unicodeScalars.index(after: index)
        }
        return String(text.unicodeScalars[..<end])
    }
}
