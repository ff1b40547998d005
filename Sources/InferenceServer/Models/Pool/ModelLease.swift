/// The right to use a loaded model: while it is held, the model stays loaded.
final class ModelLease<Model: Sendable>: Sendable {
    let model: Model
    private let release: @Sendable () -> Void

    /// `release` is called once, when nobody holds the lease any more.
    init(_ model: Model, release: @escaping @Sendable () -> Void = {}) {
        self.model = model
        self.release = release
    }

    deinit { release() }
}
