/// Takes stretches of speech together into pieces that a model hears at once.
enum SpeechPieces {
    /// Joins neighbours as long as they fit; what is longer than that alone is cut.
    ///
    /// - Parameters:
    ///   - stretches: In seconds, in order, without overlaps.
    ///   - longest: Of a piece, in seconds.
    ///   - joins: Whether neighbours are joined.
    /// - Returns: Pieces in order; each is to be heard by itself.
    static func make(_ stretches: [Range<Double>], longest: Double, joins: Bool) -> [Range<Double>] {
        var pieces: [Range<Double>] = []
        for stretch in stretches {
            if joins, let last = pieces.last, stretch.upperBound - last.lowerBound <= longest {
                pieces[pieces.count - 1] = last.lowerBound..<stretch.upperBound
                continue
            }
            var start = stretch.lowerBound
            while stretch.upperBound - start > longest {
                pieces.append(start..<start + longest)
                start += longest
            }
            if start < stretch.upperBound { pieces.append(start..<stretch.upperBound) }
        }
        return pieces
    }
}
