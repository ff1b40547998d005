/// Segments as files of subtitles.
package enum Subtitles {
    /// SubRip's form.
    package static func srt(_ segments: [TranscriptionObject.Segment]) -> String {
        segments.enumerated().map { index, segment in
            "\(index + 1)\n\(span(segment, comma: ","))\n\(line(segment.text))\n\n"
        }.joined()
    }

    /// WebVTT.
    package static func vtt(_ segments: [TranscriptionObject.Segment]) -> String {
        "WEBVTT\n\n"
            + segments.map { segment in
                // An arrow would be read as a time.
                "\(span(segment, comma: "."))\n\(line(segment.text).replacing("-->", with: "->"))\n\n"
            }.joined()
    }

    private static func span(_ segment: TranscriptionObject.Segment, comma: String) -> String {
        "\(time(segment.start, comma)) --> \(time(segment.end, comma))"
    }

    private static func time(_ seconds: Double, _ comma: String) -> String {
        let milliseconds = Int((max(seconds, 0) * 1000).rounded())
        return
            [(milliseconds / 3_600_000, 2), (milliseconds / 60_000 % 60, 2), (milliseconds / 1000 % 60, 2)]
            .map { padded($0, $1) }.joined(separator: ":") + comma + padded(milliseconds % 1000, 3)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// An empty line would end the subtitle.
    private static func line(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ").trimmingSpaces
    }
}

extension String {
    /// Without white space around it.
    package var trimmingSpaces: String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
