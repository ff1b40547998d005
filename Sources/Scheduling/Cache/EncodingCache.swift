/// Which vectors of encoded media the backend keeps: those that were used last, of each owner by itself.
struct EncodingCache: Sendable {
    private struct Entry: Sendable {
        let bytes: Int
        var lastUse: UInt64
    }

    private var entries: [EncodingKey: Entry] = [:]
    /// Of all of them.
    private(set) var bytes = 0

    var count: Int { entries.count }

    func contains(_ key: EncodingKey) -> Bool { entries[key] != nil }

    mutating func insert(_ key: EncodingKey, bytes new: Int, at tick: UInt64) {
        bytes += new - (entries[key]?.bytes ?? 0)
        entries[key] = Entry(bytes: new, lastUse: tick)
    }

    mutating func use(_ key: EncodingKey, at tick: UInt64) { entries[key]?.lastUse = tick }

    /// Takes out what was used least recently until so much has room, but for what is needed.
    mutating func makeRoom(for new: Int, within limit: Int, but needed: Set<EncodingKey>) -> [EncodingKey] {
        var dropped: [EncodingKey] = []
        while bytes + new > limit,
            let oldest = entries.filter({ !needed.contains($0.key) }).min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            bytes -= oldest.value.bytes
            entries[oldest.key] = nil
            dropped.append(oldest.key)
        }
        return dropped
    }
}
