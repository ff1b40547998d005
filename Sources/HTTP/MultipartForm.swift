internal import Foundation

/// A body of `multipart/form-data`, parted.
///
/// The parts' contents are slices of the body: nothing is copied, however large a file is.
package struct MultipartForm: Sendable {
    package struct Part: Sendable {
        package let name: String
        /// Nil for a field.
        package let filename: String?
        package let content: ArraySlice<UInt8>

        /// The content as text; nil where it is no UTF-8.
        package var text: String? { String(validating: content, as: UTF8.self) }
    }

    private static let mostParts = 128
    private static let longestHeader = 8 << 10

    /// In the order of the body.
    package let parts: [Part]

    /// - Parameters:
    ///   - body: All of it.
    ///   - boundary: What stands between parts, without dashes.
    /// - Throws: 400 for what is malformed, and for more parts than any form has.
    package init(_ body: [UInt8], boundary: String) throws(HTTPFault) {
        var parts: [Part] = []
        let line = Array("--\(boundary)".utf8)
        // The first line may be the first of the body; what is before it means nothing.
        var place = body.starts(with: line) ? line.count : Self.end(of: [13, 10] + line, in: body, from: 0)
        while let start = place, !body[start...].starts(with: [45, 45]) {
            guard parts.count < Self.mostParts else {
                throw .malformed("The form has more than \(Self.mostParts) parts.")
            }
            guard let head = Self.end(of: [13, 10], in: body, from: start),
                // Without headers, the empty line follows at once.
                let content = Self.end(of: [13, 10, 13, 10], in: body, from: head - 2, limit: Self.longestHeader),
                let next = Self.end(of: [13, 10] + line, in: body, from: content - 2)
            else { throw .malformed("The form is cut off, or a part of it has no end.") }
            // The line break before the boundary may be the one behind the headers.
            let end = max(content, next - line.count - 2)
            parts.append(try Self.part(headers: body[head..<content], content: body[content..<end]))
            place = next
        }
        guard place != nil else { throw .malformed("The form does not hold its boundary.") }
        self.parts = parts
    }

    private static func part(headers: ArraySlice<UInt8>, content: ArraySlice<UInt8>) throws(HTTPFault) -> Part {
        let lines = String(decoding: headers, as: UTF8.self).split(whereSeparator: \.isNewline)
        let disposition = lines.first { $0.lowercased().hasPrefix("content-disposition:") }
        let value = disposition.map { HeaderParameters($0.drop { $0 != ":" }.dropFirst()) }
        guard let value, value.value.lowercased() == "form-data", let name = value["name"] else {
            throw .malformed("A part of the form has no name.")
        }
        return Part(name: name, filename: value["filename"], content: content)
    }

    /// The place behind the first occurrence of some bytes.
    private static func end(of wanted: [UInt8], in body: [UInt8], from start: Int, limit: Int = .max) -> Int? {
        unsafe body.withUnsafeBytes { bytes in
            let stop = limit < bytes.count - start ? start + limit : bytes.count
            var place = start
            while place + wanted.count <= stop {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[place..<stop])
                guard let base = rest.baseAddress, let found = unsafe memchr(base, Int32(wanted[0]), rest.count)
                else { return nil }
                place += unsafe UnsafeRawPointer(found) - base
                guard place + wanted.count <= stop else { return nil }
                if unsafe bytes[place..<place + wanted.count].elementsEqual(wanted) { return place + wanted.count }
                place += 1
            }
            return nil
        }
    }
}

extension HTTPRequest {
    /// The form that the body is.
    ///
    /// - Throws: 415 where it is not declared to be one; 400 where it is malformed.
    package func form() throws(HTTPFault) -> MultipartForm {
        try requireContentType("multipart/form-data")
        guard let boundary = HeaderParameters((headers["content-type"] ?? "")[...])["boundary"],
            (1...70).contains(boundary.utf8.count)
        else { throw .malformed("The Content-Type header names no boundary.") }
        return try MultipartForm(body, boundary: boundary)
    }
}

/// The value of a header with its parameters: `form-data; name="file"`.
private struct HeaderParameters {
    let value: String
    private var parameters: [String: String] = [:]

    subscript(name: String) -> String? { parameters[name] }

    init(_ text: Substring) {
        var rest = text.drop { $0 != ";" }
        value = String(text[..<rest.startIndex]).trimmed
        while rest.first == ";" {
            let name = rest.dropFirst().prefix { $0 != "=" && $0 != ";" }
            rest = rest[name.endIndex...]
            guard rest.first == "=" else { continue }
            rest = rest.dropFirst()
            let found: String
            if rest.first == "\"" {
                var isEscaped = false
                let quoted = rest.dropFirst().prefix { character in
                    if isEscaped {
                        isEscaped = false
                    } else if character == "\\" {
                        isEscaped = true
                    } else {
                        return character != "\""
                    }
                    return true
                }
                found = String(quoted).replacing("\\\"", with: "\"").replacing("\\\\", with: "\\").replacing(
                    "%22",
                    with: "\""
                )
                rest = rest[quoted.endIndex...].drop { $0 != ";" }
            } else {
                let plain = rest.prefix { $0 != ";" }
                found = plain.trimmed
                rest = rest[plain.endIndex...]
            }
            let key = name.trimmed.lowercased()
            if parameters[key] == nil { parameters[key] = found }
        }
    }
}
