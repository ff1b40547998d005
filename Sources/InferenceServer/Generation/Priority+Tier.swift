import HTTP
import Scheduling
import WireFormat

extension Priority {
    /// How urgent work of a service tier is.
    init(_ tier: ServiceTier?) { self = tier?.served == .flex ? .batch : .interactive }
}

extension Owner {
    /// On whose behalf a request is served: its key's, or everybody's where there are no keys.
    init(_ principal: Principal) {
        switch principal {
        case .anonymous: self = .anyone
        case .key(let index): self.init(rawValue: index)
        }
    }
}
