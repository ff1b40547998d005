import Foundation

/// Where the tensors of a small GGUF file lie, for tests that damage them.
struct GGUFTensors {
    private var ranges: [String: Range<Int>] = [:]

    /// Looks for the heads of the tensors from the file's first one that is called `….weight` or `….bias`.
    ///
    /// Such files have tensors of 32-bit numbers alone, or their ends would be wrong.
    init(_ data: Data) {
        var entries: [(name: String, offset: Int, size: Int)] = []
        let first = [".weight", ".bias"].compactMap { data.range(of: Data($0.utf8))?.upperBound }.min() ?? data.count
        // The name's length stands before it, in eight bytes.
        var place = first
        for length in 5..<64 where place == first {
            let start = first - length - 8
            if start >= 0, data.integer(at: start, as: UInt64.self) == UInt64(length) { place = start }
        }
        while let (entry, end) = Self.entry(data, at: place) {
            entries.append(entry)
            place = end
        }
        let start = (place + 31) / 32 * 32
        for entry in entries { ranges[entry.name] = (start + entry.offset)..<(start + entry.offset + entry.size) }
    }

    /// The bytes of a tensor.
    func range(of name: String) -> Range<Int>? { ranges[name] }

    private static func entry(_ data: Data, at place: Int) -> (entry: (name: String, offset: Int, size: Int), end: Int)?
    {
        guard let length = data.integer(at: place, as: UInt64.self), (1..<64).contains(length) else { return nil }
        var place = place + 8
        let name = String(decoding: data[place..<(place + Int(length))], as: UTF8.self)
        place += Int(length)
        guard let count = data.integer(at: place, as: UInt32.self), (1...4).contains(count) else { return nil }
        place += 4
        var size = 4
        for _ in 0..<count {
            size *= Int(data.integer(at: place, as: UInt64.self) ?? 0)
            place += 8
        }
        guard let offset = data.integer(at: place + 4, as: UInt64.self) else { return nil }
        return ((name, Int(offset), size), place + 12)
    }

    /// A file with one more number among its keys; what follows keeps its alignment.
    static func adding(_ key: String, _ value: Float, to file: Data) -> Data {
        var file = file
        var added = Data()
        func add<Number: FixedWidthInteger>(_ number: Number) {
            withUnsafeBytes(of: number.littleEndian) { added.append(contentsOf: $0) }
        }
        func add(_ text: String) {
            add(UInt64(text.utf8.count))
            added.append(contentsOf: text.utf8)
        }
        add(key)
        add(UInt32(6))
        add(value.bitPattern)
        // A text that fills it up.
        add("p")
        add(UInt32(8))
        add(String(repeating: ".", count: (32 - (added.count + 8) % 32) % 32))
        let count = file.integer(at: 16, as: UInt64.self) ?? 0
        file.insert(contentsOf: added, at: 24)
        added = Data()
        add(count + 2)
        file.replaceSubrange(16..<24, with: added)
        return file
    }
}

extension Data {
    /// A number in little-endian order; nil behind the end.
    fileprivate func integer<Number: FixedWidthInteger>(at place: Int, as _: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard place >= 0, place + size <= count else { return nil }
        return self[place..<(place + size)].reversed().reduce(0) { $0 << 8 | Number($1) }
    }
}
