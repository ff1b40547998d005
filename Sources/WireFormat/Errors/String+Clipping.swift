extension String {
    /// The text, or its beginning where it is long: for messages that quote what a client sent.
    ///
    /// It counts scalars, since one character may be of any length.
    func clipped(to limit: Int = 100) -> String {
        guard utf8.count > limit, unicodeScalars.dropFirst(limit).first != nil else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.prefix(limit))) + "…"
    }
}
