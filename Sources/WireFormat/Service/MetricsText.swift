/// Prometheus's text format, version 0.0.4: what is appended to it, family by family.
package struct MetricsText: Sendable {
    /// What to send as Content-Type.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package typealias Labels = [(name: String, value: String)]

    package private(set) var text = ""

    package init() {}

    /// A number that only grows; its name ends with `_total`.
    package mutating func counter(_ name: String, _ help: String, _ samples: [(Labels, UInt64)]) {
        open(name, help, "counter")
        for (labels, value) in samples { sample(name, labels, "\(value)") }
    }

    /// A number as of now.
    package mutating func gauge(_ name: String, _ help: String, _ samples: [(Labels, UInt64)]) {
        open(name, help, "gauge")
        for (labels, value) in samples { sample(name, labels, "\(value)") }
    }

    /// How often values fell below each of some bounds.
    ///
    /// `counts` has how many values each bucket took and no other, the last one those above all bounds.
    package mutating func histogram(
        _ name: String,
        _ help: String,
        _ samples: [(Labels, bounds: [Double], counts: [UInt64], sum: Double)]
    ) {
        open(name, help, "histogram")
        for (labels, bounds, counts, sum) in samples {
            var below: UInt64 = 0
            for (place, count) in counts.enumerated() {
                below += count
                let bound = bounds.indices.contains(place) ? Self.number(bounds[place]) : "+Inf"
                sample("\(name)_bucket", labels + [("le", bound)], "\(below)")
            }
            sample("\(name)_sum", labels, Self.number(sum))
            sample("\(name)_count", labels, "\(below)")
        }
    }

    private mutating func open(_ name: String, _ help: String, _ type: String) {
        text += "# HELP \(name) \(Self.escaped(help))\n# TYPE \(name) \(type)\n"
    }

    private mutating func sample(_ name: String, _ labels: Labels, _ value: String) {
        let inner = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }.joined(separator: ",")
        text += name + (inner.isEmpty ? "" : "{\(inner)}") + " \(value)\n"
    }

    /// Whole numbers without a fraction.
    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool = false) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
