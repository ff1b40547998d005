import WireFormat

extension Routes {
    /// What speaks for a request.
    ///
    /// - Throws: 404 or 400 for a model that does not speak, an unknown voice or language; 501 or 503 where nothing speaks.
    func speaker(_ wish: Speaker.Wish) async throws -> Speaker { try await speechService.speaker(wish, catalog) }
}
