import Foundation
import Testing
import Whisper

@Suite("Whisper model files")
struct ModelFileTests {
    private func refusal(_ path: String) -> String? {
        do {
            _ = try WhisperModel(path: path)
            return nil
        } catch {
            return error.code == .badModel ? error.description : "wrong code: \(error)"
        }
    }

    /// A copy of the small model with some bytes changed.
    private func changed(_ name: String, _ change: (inout Data) -> Void) throws -> String {
        var data = try Data(contentsOf: URL(filePath: Fixtures.small))
        change(&data)
        let path = Fixtures.folder.appending(path: "\(name).bin").path
        try data.write(to: URL(filePath: path))
        return path
    }

    @Test("a whole model is loaded, and says what it is")
    func whole() throws {
        let information = try WhisperModel.check(path: Fixtures.small)
        #expect(WhisperModel.isModel(path: Fixtures.small))
        #expect(information.audioContext == 1500 && information.window == .seconds(30))
        #expect(information.isMultilingual && information.width == 64 && information.decoderLayers == 3)
        let model = try WhisperModel(path: Fixtures.small)
        #expect(model.information == information)
        #expect(model.firstSpecialToken == 50257)
        #expect(String(decoding: model.text(of: 264), as: UTF8.self) == " the")
        #expect(model.text(of: -1).isEmpty && model.text(of: 1 << 40).isEmpty)
    }

    @Test("a header without weights is refused")
    func headerAlone() {
        #expect(refusal(Fixtures.header)?.contains("it holds no weights") == true)
    }

    @Test("other files are no models")
    func others() throws {
        #expect(!WhisperModel.isModel(path: Fixtures.silero))
        #expect(!WhisperModel.isModel(path: #filePath) && !WhisperModel.isModel(path: "/no/such/file"))
        #expect(refusal(#filePath)?.contains("no whisper model") == true)
        #expect(refusal("/no/such/file")?.contains("can't be opened") == true)
        #expect(refusal(Fixtures.silero) != nil)
    }

    @Test("a file that was not copied whole is refused", arguments: [3, 40, 200, 70_000, 600_000, 8_000_000])
    func truncated(_ length: Int) throws {
        let path = try changed("cut-\(length)") { $0 = $0.prefix(length) }
        #expect(refusal(path)?.contains("ends too early") == true)
    }

    @Test("numbers that whisper.cpp would stumble over are refused", arguments: 1...11)
    func numbers(_ field: Int) throws {
        for (index, value) in [Int32.min, -1, 0, 7, 1_000_003, Int32.max].enumerated() {
            let path = try changed("number-\(field)-\(index)") { data in
                withUnsafeBytes(of: value.littleEndian) { data.replaceSubrange(field * 4..<field * 4 + 4, with: $0) }
            }
            #expect(refusal(path) != nil, "field \(field) = \(value)")
        }
    }

    @Test("weights of another shape, type or name are refused")
    func weights() throws {
        let start = try #require(
            try Data(contentsOf: URL(filePath: Fixtures.small)).range(of: Data("encoder.positional_embedding".utf8))
        ).lowerBound
        // Behind the numbers of dimensions, of the name's bytes and of the type come two extents, then the name.
        let fields = [start - 20, start - 16, start - 12, start - 8, start - 4]
        for (index, field) in fields.enumerated() {
            for value: UInt8 in [0xff, 0x7f, 3, 0] {
                let path = try changed("weight-\(index)-\(value)") { data in
                    data[field] = value
                    if value == 0x7f { data[field + 3] = value }
                }
                let isSame = index == 2 && value == 0
                #expect((refusal(path) == nil) == isSame, "field \(index) = \(value)")
            }
        }
        let renamed = try changed("renamed") { $0[start] = 0x78 }
        #expect(refusal(renamed) != nil)
    }

    @Test("languages are known by code, by name, and with a region")
    func languages() {
        #expect(WhisperLanguage("de")?.name == "german" && WhisperLanguage("German")?.code == "de")
        #expect(WhisperLanguage("pt-BR")?.code == "pt" && WhisperLanguage("en") == .english)
        #expect(WhisperLanguage("klingon") == nil && WhisperLanguage("") == nil && WhisperLanguage("e\0n") == nil)
        #expect(WhisperLanguage.all.count == 100)
    }
}
