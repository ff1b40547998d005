/// `prediction`: text that the answer is expected to repeat.
struct PredictionShape: Shape {
    private enum Kind: String, CaseIterable {
        case content
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let content = Parameter("content", ChatContentShape(allows: [.text]))
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            _ = try reader.required(Parameters.type)
            let parts = try reader.required(Parameters.content)
            return parts.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined()
        }
    }
}
