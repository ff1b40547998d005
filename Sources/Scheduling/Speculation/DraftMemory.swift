/// What a sequence of the draft model holds.
///
/// It is cut, and computed on, whenever guesses are asked for: meanwhile it may hold guesses that were wrong, or what a
/// former user of the sequence left there.
struct DraftMemory: Sendable {
    private var tokens: [TokenID] = []
    private var owner = Owner.anyone
    /// Whose items the first `agreed` of the tokens were found to be.
    private var user: RequestID?
    private var agreed = 0

    /// How many tokens of the request's items, which are only ever appended to, are there; never all of them, for the last
    /// one's logits are needed.
    mutating func held(of request: RunningGeneration) -> Int {
        if user != request.id {
            // Nobody learns by the clock what another has asked.
            if owner != request.owner { tokens = [] }
            (user, owner, agreed) = (request.id, request.owner, 0)
        }
        let most = min(tokens.count, request.items.count - 1)
        while agreed < most, request.items[agreed].token == tokens[agreed] { agreed += 1 }
        return min(agreed, most)
    }

    /// A draft step has put tokens behind the first ones.
    mutating func set(from position: Int, to new: some Collection<TokenID>) {
        tokens.removeSubrange(min(position, tokens.count)...)
        tokens.append(contentsOf: new)
        agreed = min(agreed, position)
    }

    /// What it holds is not known: it is computed anew from the first token on.
    mutating func forget() {
        tokens = []
        agreed = 0
    }

    var count: Int { tokens.count }
}
