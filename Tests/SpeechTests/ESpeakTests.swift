#if ESpeak
import Foundation
import RuntimeSupport
import Speech
import Testing

@Suite("espeak-ng")
struct ESpeakTests {
    private let library: ESpeakLibrary
    private let voices: ESpeakVoices

    init() throws {
        library = try ESpeakLibrary()
        voices = ESpeakVoices(library.inventory)
    }

    private func sound(_ text: String, _ voice: ESpeakVoice = ESpeakVoice(language: "en-us")) throws
        -> [Int16]
    {
        var samples: [Int16] = []
        try library.speak(text, as: voice) { part in
            samples += part
            return true
        }
        return samples
    }

    @Test("it speaks over a hundred languages, under the names that others have for them")
    func languages() throws {
        #expect(voices.inventory.languages.count > 100 && voices.inventory.variants.count > 50)
        for (code, name) in [
            "en": "en-us", "en-GB": "en-gb", "de-AT": "de", "pt_BR": "pt-br", "zh": "cmn", "zh-Hans-CN": "cmn",
            "no": "nb", "fr": "fr-fr",
            "iw": "he", "es-MX": "es-419", "en-AU": "en-us",
        ] { #expect(voices.inventory.language(code) == name, "\(code)") }
        for code in ["xx", "", "-", "e", "klingon", "../de"] {
            #expect(voices.inventory.language(code) == nil, "\(code)")
        }
        for language in voices.inventory.languages {
            #expect(try sound("5 a b", ESpeakVoice(language: language)).count > 1000, "\(language)")
        }
    }

    @Test("markup, phoneme codes and names of files are plain text: all of it is spoken")
    func markup() throws {
        let plain = try sound("x").count
        for text in [
            "<audio src=\"/etc/passwd\"/>", "<speak><break time=\"20s\"/>x</speak>", "<mark name=\"a\"/>", "[[h@'loU]]",
            "<voice name=\"de\">x</voice>",
        ] {
            let length = try sound(text).count
            #expect(length > 2 * plain, "\(text)")
            #expect(length < 22_050 * 12, "\(text)")
        }
    }

    @Test("a sink that wants no more ends the call, and the next one speaks as before")
    func stop() throws {
        var parts = 0
        try library.speak(
            "This is a long sentence that goes on for quite a while.",
            as: ESpeakVoice(language: "en-us")
        ) { _ in
            parts += 1
            return parts < 3
        }
        #expect(parts == 3)
        #expect(try sound("Hello there.").count > 8000)
    }

    @Test("a voice that is not there fails")
    func noVoice() {
        #expect(throws: SpeechError.self) { try sound("x", ESpeakVoice(language: "nonsense")) }
    }

    @Test("names of voices are those of OpenAI and of espeak-ng, and nothing that is a path")
    func names() {
        #expect(
            ESpeakVoices.openAI.map(\.id).sorted() == [
                "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer",
                "verse",
            ]
        )
        #expect(voices.voice("de+f2")?.native == ESpeakVoice(language: "de", variant: "f2"))
        #expect(voices.voice("en-us")?.hasOwnLanguage == true)
        for name in ["", "+", "+f2", "de+", "de+nothing", "../de", "de+../../etc/passwd", "Alloy", "alloy+f2"] {
            #expect(voices.voice(name) == nil, "\(name)")
        }
        for voice in ESpeakVoices.openAI { #expect(voices.inventory.variants.contains(voice.native.variant ?? "")) }
    }

    @Test("each of OpenAI's names is a voice of its own, the same each time", arguments: ["en-us", "de", "cmn"])
    func distinct(_ language: String) throws {
        let sentence = [
            "en-us": "The wind was warm, and all were away. ", "de": "Der Wind war warm, und alle waren weg. ",
            "cmn": "今天天气很好。",
        ]
        // Breath is noise, and no two are alike: there has to be enough of it.
        let text = String(repeating: try #require(sentence[language]), count: 4)
        let prints = try ESpeakVoices.openAI.map { voice in
            var native = voice.native
            native.language = language
            return (voice.id, try VoicePrint(sound(text, native)), try VoicePrint(sound(text, native)))
        }
        for (index, (id, first, again)) in prints.enumerated() {
            let own = first.distance(to: again)
            for (other, print, _) in prints[(index + 1)...] {
                let distance = first.distance(to: print)
                #expect(distance > 1.5 * own && distance > 0.07, "\(id) and \(other): \(distance), own \(own)")
            }
        }
    }

    @Test("each piece is spoken in the language of its script, where none was asked for")
    func scripts() throws {
        let alloy = try #require(voices.voice("alloy"))
        let mixed = voices.utterance("Hello there. Привет, мир. 你好。 123.", voice: alloy, language: nil)
        #expect(mixed.parts.map(\.voice.language) == ["en-us", "ru", "cmn", "en-us"])
        #expect(mixed.parts.allSatisfy { $0.voice.variant == alloy.native.variant })
        let fixed = voices.utterance("Hello. Привет.", voice: alloy, language: "de")
        #expect(fixed.parts.map(\.voice.language) == ["de", "de"])
        let fable = try #require(voices.voice("fable"))
        #expect(voices.utterance("Hello.", voice: fable, language: nil).parts.map(\.voice.language) == ["en-gb"])
        #expect(voices.utterance("?! ...\n—", voice: alloy, language: nil).parts.isEmpty)
    }
}

/// What a voice sounds like: its pitch, and its loudness by bands.
private struct VoicePrint {
    private static let frequencies: [Double] = [150, 300, 500, 800, 1200, 1800, 2500, 3400, 4600, 6200]

    private let pitch: Double
    private let bands: [Double]

    init(_ samples: [Int16]) {
        let sound = samples.map { Double($0) / 32_768 }
        let frames = stride(from: 0, to: sound.count - 1024, by: 1024).map { Array(sound[$0..<$0 + 1024]) }
            .filter { frame in frame.reduce(0) { $0 + $1 * $1 } > 1 }
        let pitches = frames.map(Self.pitch).sorted()
        pitch = pitches[pitches.count / 2]
        let levels = Self.frequencies.map { frequency in
            log(frames.reduce(0) { $0 + Self.energy($1, at: frequency) } + 1e-9)
        }
        // How loud it is does not matter.
        let mean = levels.reduce(0, +) / Double(levels.count)
        bands = levels.map { $0 - mean }
    }

    /// How far two are apart: 0.1 is a semitone and a half, or two decibels in all bands.
    func distance(to other: VoicePrint) -> Double {
        let tone = zip(bands, other.bands).map { ($0 - $1) * ($0 - $1) }.reduce(0, +) / Double(bands.count)
        return abs(log(pitch / other.pitch)) + tone.squareRoot() * 0.2
    }

    /// In Hz: the first lag at which every third sample is nearly as like itself as it gets.
    private static func pitch(_ frame: [Double]) -> Double {
        let part = stride(from: 0, to: 1024, by: 3).map { frame[$0] }
        let likeness = (16...113).map { lag in
            var sum = 0.0
            for index in 0..<part.count - lag { sum += part[index] * part[index + lag] }
            return sum / Double(part.count - lag)
        }
        let best = likeness.max() ?? 0
        var place = likeness.firstIndex { $0 > 0.9 * best } ?? 0
        while place + 1 < likeness.count, likeness[place + 1] > likeness[place] { place += 1 }
        return 7350 / Double(place + 16)
    }

    /// The energy near a frequency, by Goertzel's method on four short windows.
    private static func energy(_ frame: [Double], at frequency: Double) -> Double {
        let factor = 2 * cos(2 * Double.pi * frequency / 22_050)
        var sum = 0.0
        for start in stride(from: 0, to: 1024, by: 256) {
            var last = 0.0
            var before = 0.0
            for index in start..<start + 256 { (last, before) = (frame[index] + factor * last - before, last) }
            sum += last * last + before * before - factor * last * before
        }
        return sum
    }
}
#endif
