import Foundation
import Llama
import WireFormat

/// Decodes the images of one request, each once however often it stands there.
///
/// For one thread: it is made where images are read.
final class ImageReader {
    private var decoded: [String: LlamaImage] = [:]
    private var pixels = 0

    /// The most images in one request.
    static let maximumCount = 64
    /// The most bytes of one file.
    static let maximumBytes = 20 << 20
    /// The most pixels of all images of a request together: they are in memory at once.
    static let maximumPixels = 2 * ImageFile.maximumPixels

    /// The pixels of an image.
    ///
    /// - Parameters:
    ///   - source: As it stands in the request.
    ///   - param: What the request calls its turns, for errors.
    /// - Returns: What may stand in prompts.
    /// - Throws: 400 where it is none, or too large.
    func image(_ source: ImageSource, param: String) throws(APIError) -> LlamaImage {
        if let image = decoded[source.dataURL] { return image }
        let path = source.path ?? param
        let bytes = try Self.bytes(of: source.dataURL, at: path)
        let file: ImageFile
        do throws(ImageFault) {
            file = try ImageFile(bytes)
        } catch {
            throw APIError(error, at: path)
        }
        pixels += file.width * file.height
        guard pixels <= Self.maximumPixels else {
            throw .invalidRequest(
                "The images of a request may have \(Self.maximumPixels) pixels together; please send smaller ones.",
                param: path,
                code: "image_too_large"
            )
        }
        do throws(LlamaError) {
            let image = try LlamaImage(file.bytes, width: file.width, height: file.height)
            decoded[source.dataURL] = image
            return image
        } catch {
            guard error.code != .outOfMemory else {
                throw .overloaded("There is no memory for this image now. Please try again later.", retryAfter: 5)
            }
            throw .invalidRequest(
                "The image in '\(path)' could not be decoded: \(error.reason).",
                param: path,
                code: "image_parse_error"
            )
        }
    }

    /// The bytes of a `data:` URL (RFC 2397): base64 alone.
    private static func bytes(of url: String, at path: String) throws(APIError) -> [UInt8] {
        let text = url.utf8
        guard let comma = text.prefix(1_024).firstIndex(of: UInt8(ascii: ",")) else {
            throw .invalidRequest(
                "Invalid '\(path)': the data: URL has no data.",
                param: path,
                code: "invalid_image_url"
            )
        }
        let head = url[..<comma].dropFirst(5).split(separator: ";", omittingEmptySubsequences: false)
        guard head.dropFirst().contains(where: { $0.lowercased() == "base64" }) else {
            throw .invalidRequest(
                "Invalid '\(path)': the data of the data: URL has to be in base64.",
                param: path,
                code: "invalid_base64_image"
            )
        }
        let type = head.first.map { $0.lowercased() } ?? ""
        guard type.isEmpty || type.hasPrefix("image/") || type == "application/octet-stream" else {
            throw .invalidRequest(
                "Invalid '\(path)': '\(type.prefix(64))' is no type of an image. Supported formats: \(ImageFile.formats).",
                param: path,
                code: "unsupported_image_media_type"
            )
        }
        let data = text[text.index(after: comma)...]
        guard data.count / 4 * 3 <= maximumBytes else {
            throw .invalidRequest(
                "The image in '\(path)' is larger than \(maximumBytes) bytes.",
                param: path,
                code: "image_file_too_large"
            )
        }
        guard let bytes = Data(base64Encoded: Data(data)) else {
            throw .invalidRequest("Invalid '\(path)': it is not base64.", param: path, code: "invalid_base64_image")
        }
        return [UInt8](bytes)
    }
}

extension APIError {
    /// 400: what is wrong with a file.
    fileprivate init(_ fault: ImageFault, at path: String) {
        let sides = "sides of \(ImageFile.minimumSide) to \(ImageFile.maximumSide) pixels"
        let (message, code) =
            switch fault {
            case .empty: ("is empty", "empty_image_file")
            case .unknownFormat: ("is of no format that is read here (\(ImageFile.formats))", "invalid_image_format")
            case .damaged: ("is damaged, or was cut short", "image_parse_error")
            case .unsupported(let kind): ("is of a kind that is not read here: \(kind)", "invalid_image_format")
            case .tooSmall(let width, let height):
                ("has \(width) x \(height) pixels; it needs \(sides)", "image_too_small")
            case .tooLarge(let width, let height):
                (
                    "has \(width) x \(height) pixels; it may have \(ImageFile.maximumPixels), and \(sides)",
                    "image_too_large"
                )
            case .tooLong(let width, let height):
                (
                    "has \(width) x \(height) pixels; one side may be \(ImageFile.maximumRatio) times as long as the other",
                    "image_too_large"
                )
            }
        self = .invalidRequest("The image in '\(path)' \(message).", param: path, code: code)
    }
}
