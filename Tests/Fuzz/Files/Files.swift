import FuzzDriver
import HTTP
import Media

/// What SwiftPM has as the main function of the program.
@_cdecl("FuzzFiles_main")
public func run(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
    fuzz(count, arguments, with: FuzzFiles.read)
}

/// Reads files that clients send, and the forms that they come in: the first character of an input chooses who reads the rest.
enum FuzzFiles {
    /// Of the sound that is decoded.
    private static let sampleRate = 16_000
    private static let longest = Duration.seconds(20)

    static func read(_ input: UnsafeBufferPointer<UInt8>) -> Bool {
        let rest = Array(input.dropFirst())
        switch input.first.map({ Character(Unicode.Scalar($0)) }) {
        case "S": sound(rest)
        case "M": form(rest)
        default: return false
        }
        return true
    }

    /// Decodes a file; there is never more sound than is allowed, and none without a number.
    private static func sound(_ file: [UInt8]) {
        do throws(AudioError) {
            let sound = try AudioDecoder.decode(file, sampleRate: sampleRate, longest: longest)
            precondition(!sound.samples.isEmpty && sound.duration <= longest, "\(sound.samples.count) samples")
        } catch {
            precondition(error.code != .failed && error.code != .cancelled, "\(error)")
        }
    }

    /// Parts a form, whose boundary is the first line.
    private static func form(_ text: [UInt8]) {
        let boundary = text.prefix { $0 != UInt8(ascii: "\n") }
        let body = Array(text.dropFirst(boundary.count + 1))
        do throws(HTTPFault) {
            let form = try MultipartForm(body, boundary: String(decoding: boundary, as: UTF8.self))
            precondition(form.parts.reduce(0) { $0 + $1.content.count } <= body.count, "contents overlap")
            for part in form.parts {
                precondition(part.content.startIndex >= 0 && part.content.endIndex <= body.count, "outside of the body")
            }
        } catch {
            precondition(error.status.rawValue == 400, "\(error)")
        }
    }
}
