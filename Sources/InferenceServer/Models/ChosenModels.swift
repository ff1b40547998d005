import RuntimeSupport
import Scheduling

/// The models that callers have chosen for their requests that name none.
///
/// Each key's choice is its own; it lasts as long as the process.
final class ChosenModels: Sendable {
    private let ids = Guarded<[Owner: String]>([:])

    subscript(_ owner: Owner) -> String? {
        get { ids.withLock { $0[owner] } }
        set { ids.withLock { $0[owner] = newValue } }
    }
}
