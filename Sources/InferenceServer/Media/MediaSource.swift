import WireFormat

/// An image or a sound of a conversation, as it stands in the request.
enum MediaSource: Sendable, Equatable {
    case image(ImageSource)
    case sound(AudioSource)

    /// Where in the request it stands, for errors.
    var path: String? {
        switch self {
        case .image(let image): image.path
        case .sound(let sound): sound.path
        }
    }
}

extension MediaSource {
    var image: ImageSource? { if case .image(let image) = self { image } else { nil } }
    var sound: AudioSource? { if case .sound(let sound) = self { sound } else { nil } }
    var isSound: Bool { sound != nil }
}

extension Conversation {
    /// Its images and sounds, in order.
    var media: [MediaSource] { turns.flatMap(\.media) }

    /// The files of sound in it.
    var sounds: [AudioSource] { media.compactMap(\.sound) }
}

extension Turn {
    var media: [MediaSource] {
        content.compactMap { part in
            switch part {
            case .image(let image): .image(image)
            case .audio(let sound): .sound(sound)
            case .text, .spoken: nil
            }
        }
    }

    /// All text of it, with texts in place of its media; a line feed between two texts, as llama.cpp joins them.
    func text(markers: (Int) -> String) -> String {
        var text = ""
        var media = 0
        var isBehindText = false
        for part in content {
            switch part {
            case .text(let piece):
                if isBehindText { text += "\n" }
                text += piece
                isBehindText = true
            case .image, .audio:
                text += markers(media)
                media += 1
                isBehindText = false
            // It has become text before.
            case .spoken: break
            }
        }
        return text
    }
}
