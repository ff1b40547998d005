internal import Foundation

/// A tuning as a picture: each format's speeds, of the original's, over its distance from the original.
package struct TuningPlot {
    package let record: TuningRecord
    package let title: String

    private static let width = 760.0
    private static let height = 460.0
    private static let left = 70.0
    private static let right = 730.0
    private static let top = 60.0
    private static let bottom = 380.0
    /// Distances below this are drawn here.
    private static let smallest = 1e-5

    private static let series: [(name: String, colour: String, speed: @Sendable (Speeds) -> Double)] = [
        ("prompt, 512 tokens", "#1f77b4", { $0.prompt }),
        ("decode, 1 sequence", "#d62728", { $0.decode1 }),
        ("decode, 4", "#ff7f0e", { $0.decode4 }),
        ("decode, 16", "#2ca02c", { $0.decode16 }),
    ]

    package init(record: TuningRecord, title: String) {
        self.record = record
        self.title = title
    }

    /// An SVG document.
    package var svg: String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(Self.width))" height="\(Int(Self.height))" \
        font-family="sans-serif" font-size="12">
        <rect width="100%" height="100%" fill="white"/>
        \(text(Self.left, 24, "\(title): speed against distance from the original", size: 15))
        \(axes)
        \(bound)
        \(points)
        \(legend)
        </svg>

        """
    }

    private var measured: [(format: TuningRecord.Format, speeds: Speeds, distance: Distance)] {
        record.formats.compactMap { format in
            guard let speeds = format.speeds, let distance = format.distance else { return nil }
            return (format, speeds, distance)
        }
    }

    private func ratio(_ speeds: Speeds, _ speed: (Speeds) -> Double) -> Double {
        guard let original = measured.first?.speeds, speed(original) > 0 else { return 0 }
        return speed(speeds) / speed(original)
    }

    private var highest: Double {
        let ratios = measured.flatMap { entry in Self.series.map { ratio(entry.speeds, $0.speed) } }
        return max(1.5, ((ratios.max() ?? 1) * 2).rounded(.up) / 2)
    }

    /// The decades of the distance.
    private var largestDecade: Int {
        let most = (measured.map(\.distance.meanKL) + [record.maxKL]).max() ?? 1
        return Int(log10(max(most, Self.smallest * 10)).rounded(.up))
    }

    private func x(_ distance: Double) -> Double {
        let first = log10(Self.smallest)
        let place = (log10(max(distance, Self.smallest)) - first) / (Double(largestDecade) - first)
        return Self.left + place * (Self.right - Self.left)
    }

    private func y(_ ratio: Double) -> Double { Self.bottom - ratio / highest * (Self.bottom - Self.top) }

    private var axes: String {
        var lines: [String] = []
        for step in 0...Int(highest * 2) {
            let value = Double(step) / 2
            lines.append(line(Self.left, y(value), Self.right, y(value), value == 1 ? "#888" : "#ddd"))
            lines.append(text(Self.left - 8, y(value) + 4, String(format: "%.1f", value), anchor: "end"))
        }
        for decade in Int(log10(Self.smallest).rounded())...largestDecade {
            let distance = pow(10, Double(decade))
            let label = decade == Int(log10(Self.smallest).rounded()) ? "0" : String(format: "%g", distance)
            lines.append(line(x(distance), Self.top, x(distance), Self.bottom, "#eee"))
            lines.append(text(x(distance), Self.bottom + 18, label, anchor: "middle"))
        }
        let middle = (Self.left + Self.right) / 2
        lines.append(text(middle, Self.bottom + 38, "mean KL divergence from the original, in nats", anchor: "middle"))
        lines.append(text(Self.left - 50, Self.top - 12, "speed, times the original's"))
        return lines.joined(separator: "\n")
    }

    private var bound: String {
        let place = x(record.maxKL)
        return line(place, Self.top, place, Self.bottom, "#d00", dashes: "5 4") + "\n"
            + text(place + 4, Self.top + 12, "bound", colour: "#d00")
    }

    private var points: String {
        measured.map { entry in
            let place = x(entry.distance.meanKL)
            let dots = Self.series.map { series in
                let ratio = ratio(entry.speeds, series.speed)
                return """
                    <circle cx="\(coordinate(place))" cy="\(coordinate(y(ratio)))" r="5" fill="\(series.colour)">\
                    <title>\(escape(entry.format.name)), \(series.name): \(String(format: "%.2f", ratio))</title></circle>
                    """
            }
            let top = Self.series.map { y(ratio(entry.speeds, $0.speed)) }.min() ?? Self.bottom
            return dots.joined(separator: "\n") + "\n" + text(place, top - 9, entry.format.name, anchor: "middle")
        }
        .joined(separator: "\n")
    }

    private var legend: String {
        Self.series.enumerated().map { number, series in
            let place = Self.left + Double(number) * 165
            return """
                <circle cx="\(coordinate(place))" cy="\(coordinate(Self.height - 18))" r="5" fill="\(series.colour)"/>
                \(text(place + 10, Self.height - 14, series.name))
                """
        }
        .joined(separator: "\n")
    }

    private func line(
        _ x1: Double,
        _ y1: Double,
        _ x2: Double,
        _ y2: Double,
        _ colour: String,
        dashes: String = "none"
    ) -> String {
        """
        <line x1="\(coordinate(x1))" y1="\(coordinate(y1))" x2="\(coordinate(x2))" y2="\(coordinate(y2))" \
        stroke="\(colour)" stroke-dasharray="\(dashes)"/>
        """
    }

    private func text(
        _ x: Double,
        _ y: Double,
        _ content: String,
        anchor: String = "start",
        size: Int = 12,
        colour: String = "#222"
    ) -> String {
        """
        <text x="\(coordinate(x))" y="\(coordinate(y))" text-anchor="\(anchor)" font-size="\(size)" \
        fill="\(colour)">\(escape(content))</text>
        """
    }

    private func coordinate(_ value: Double) -> String { String(format: "%.1f", value) }

    private func escape(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }
}
