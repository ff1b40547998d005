import Llama
import WireFormat

/// Decodes the images and sounds of one request, each once however often it stands there.
///
/// For one thread: it is made where they are read.
final class MediaReader {
    private let images = ImageReader()
    private let sounds = SoundReader()

    /// What stands in a prompt for an image or a sound.
    ///
    /// - Parameters:
    ///   - source: As it stands in the request.
    ///   - model: Which is to take it.
    ///   - param: What the request calls its turns, for errors.
    /// - Returns: Its pixels or samples.
    /// - Throws: 400 where it is none, too large or too long, or the model has no encoder for it.
    func part(_ source: MediaSource, for model: ChatModel, param: String) throws(APIError) -> PromptPart {
        switch source {
        case .image(let source): .image(try images.image(source, param: param))
        case .sound(let source): .sound(try sounds.sound(source, for: model, param: param))
        }
    }
}
