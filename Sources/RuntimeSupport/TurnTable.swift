/// Whose turn it is on the cores: the seat that has had the least time for its weight.
///
/// Start-time fair queueing (Goyal, Vin and Cheng, 1996), with steps whose length is known only afterwards: each seat has a
/// virtual time, by which its turns' durations, divided by its weight, are counted; the seat with the least goes first. A
/// seat that rested comes back at the time of those that did not: what it let pass is not owed to it.
struct TurnTable {
    /// A seat's number; never used twice.
    typealias SeatID = Int

    /// Who goes next.
    enum Next: Equatable {
        /// The cores are free, and this seat, which waits, has them now.
        case seat(SeatID)
        /// The cores are free, but this seat is between two steps and would go first.
        case expected(SeatID)
        /// Somebody has the cores, or nobody waits.
        case taken
    }

    /// How long the cores are kept free for a seat that is between two steps.
    static let grace: Duration = .milliseconds(5)

    private struct Seat {
        let weight: Double
        /// Virtual time: seconds of turns, divided by the weight.
        var time = 0.0
        var isActive = false
        var isWaiting = false
    }

    private var seats: [SeatID: Seat] = [:]
    private var holder: SeatID?
    private var nextID = 0
    /// The virtual time at which the latest turn began.
    private var now = 0.0

    /// Whether a seat has something to do.
    var isBusy: Bool { seats.values.contains(where: \.isActive) }

    /// Whether a seat but this one has something to do.
    func hasCompany(_ id: SeatID) -> Bool { seats.contains { $0.key != id && $0.value.isActive } }

    /// Adds a seat, which rests.
    mutating func add(weight: Double) -> SeatID {
        nextID += 1
        seats[nextID] = Seat(weight: weight)
        return nextID
    }

    /// Takes a seat away; one that has the cores gives them back.
    mutating func remove(_ id: SeatID) {
        seats[id] = nil
        if holder == id { holder = nil }
    }

    /// A seat waits for its turn from now on.
    mutating func ask(_ id: SeatID) {
        guard var seat = seats[id] else { return }
        if !seat.isActive { seat.time = max(seat.time, now) }
        seat.isActive = true
        seat.isWaiting = true
        seats[id] = seat
    }

    /// Who goes next; with patience, one that is between two steps is expected.
    func next(isPatient: Bool) -> Next {
        guard holder == nil else { return .taken }
        // The older seat goes first where both have had as much.
        let ordered = seats.filter(\.value.isActive).sorted { ($0.value.time, $0.key) < ($1.value.time, $1.key) }
        guard let waiting = ordered.first(where: \.value.isWaiting) else { return .taken }
        if isPatient, let first = ordered.first, !first.value.isWaiting { return .expected(first.key) }
        return .seat(waiting.key)
    }

    /// A seat has the cores from now on.
    mutating func begin(_ id: SeatID) {
        guard let seat = seats[id] else { return }
        precondition(holder == nil, "two turns at once")
        holder = id
        now = max(now, seat.time)
        seats[id]?.isWaiting = false
    }

    /// A seat gives the cores back.
    mutating func end(_ id: SeatID, after duration: Duration) {
        guard holder == id, let seat = seats[id] else { return }
        holder = nil
        seats[id]?.time += duration / .seconds(1) / seat.weight
    }

    /// A seat has nothing to do for now.
    mutating func rest(_ id: SeatID) {
        seats[id]?.isActive = false
        seats[id]?.isWaiting = false
    }
}
