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

    /// The lease on a part of the model, which holds this one; nil where there is no such part.
    func map<Part: Sendable>(_ part: (Model) -> Part?) -> ModelLease<Part>? {
        part(model).map { ModelLease<Part>($0) { withExtendedLifetime(self) {} } }
    }
}
