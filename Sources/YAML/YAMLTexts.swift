internal import CYAML

/// The members of a YAML document that are texts: as much of YAML as files of settings need.
package struct YAMLTexts: Sendable {
    /// Why a document can't be read.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    /// In the order of the file.
    package private(set) var members: [(key: String, value: String)] = []

    /// The first value of this key.
    package subscript(key: String) -> String? { members.first { $0.key == key }?.value }

    /// Reads the first document of a text whose root is a mapping; values that are no texts are left out.
    ///
    /// - Throws: `Fault`.
    package init(_ text: [UInt8]) throws(Fault) {
        var message = [CChar](repeating: 0, count: 256)
        var found = self.members
        // The list outlives the call, and nobody calls back later.
        let status = unsafe withUnsafeMutablePointer(to: &found) { list in
            unsafe cy_read_texts(text, text.count, takePair, list, &message, message.count)
        }
        switch status {
        case CY_OK: members = found
        case CY_NO_MAPPING: throw Fault(description: "It is no mapping of names to values.")
        case CY_NO_MEMORY: throw Fault(description: "There is no memory to read it.")
        default:
            let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw Fault(description: "It is no YAML, \(text).")
        }
    }
}

/// Called for each member; the context is the list.
private func takePair(
    _ context: UnsafeMutableRawPointer?,
    _ key: UnsafePointer<CChar>?,
    _ keyLength: Int,
    _ value: UnsafePointer<CChar>?,
    _ valueLength: Int
) {
    guard let context = unsafe context, let key = unsafe key, let value = unsafe value else { return }
    let text = { (start: UnsafePointer<CChar>, count: Int) in
        unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
    let member = unsafe (key: text(key, keyLength), value: text(value, valueLength))
    unsafe context.assumingMemoryBound(to: [(key: String, value: String)].self).pointee.append(member)
}
