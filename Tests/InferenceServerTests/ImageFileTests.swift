import Foundation
import Llama
import TestSupport
import Testing
import WireFormat

@testable import InferenceServer

@Suite("Image files")
struct ImageFileTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../LlamaTests/Images").standardizedFileURL.path
    private static let names = ["waves.png", "waves.jpg", "progressive.jpg", "waves.gif", "waves.bmp"]

    private func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: "\(Self.folder)/\(name)")))
    }

    @Test("formats are told by their bytes, and sizes read", arguments: names)
    func sizes(name: String) throws {
        let file = try ImageFile(try bytes(name))
        #expect((file.width, file.height) == (name.hasSuffix("bmp") ? (24, 16) : (96, 64)))
    }

    @Test("a file that was cut short anywhere is found out", arguments: names)
    func truncated(name: String) throws {
        let whole = try bytes(name)
        for count in 0..<whole.count {
            #expect(throws: ImageFault.self) { try ImageFile(Array(whole.prefix(count))) }
        }
    }

    @Test("a byte that was changed anywhere is no crash", arguments: names)
    func damaged(name: String) throws {
        let whole = try bytes(name)
        var random = SplitMix64(seed: 3)
        for _ in 0..<5_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? ImageFile(bytes)
        }
    }

    @Test("what is no image that can be read is told so")
    func others() throws {
        #expect(throws: ImageFault.empty) { try ImageFile([]) }
        #expect(throws: ImageFault.unknownFormat) { try ImageFile(Array("<svg></svg>".utf8)) }
        #expect(throws: ImageFault.unknownFormat) { try ImageFile(try bytes("waves.webp")) }
        #expect(throws: ImageFault.unknownFormat) { try ImageFile(Array(repeating: 0, count: 1_000)) }
    }

    @Test(
        "images of nought, one and a hundred million pixels are refused by their headers, as are strips",
        arguments: [
            (0, 0, ImageFault.tooSmall(0, 0)), (1, 1, .tooSmall(1, 1)), (1, 64, .tooSmall(1, 64)),
            (10_000, 10_000, .tooLarge(10_000, 10_000)), (40_000, 300, .tooLarge(40_000, 300)),
            (4_000_000_000, 4_000_000_000, .tooLarge(4_000_000_000, 4_000_000_000)), (2, 402, .tooLong(2, 402)),
        ]
    )
    func bounds(width: Int, height: Int, fault: ImageFault) throws {
        var png = try bytes("waves.png")
        for place in 0..<4 {
            png[16 + place] = UInt8(truncatingIfNeeded: width >> (24 - 8 * place))
            png[20 + place] = UInt8(truncatingIfNeeded: height >> (24 - 8 * place))
        }
        #expect(throws: fault) { try ImageFile(png) }
    }

    @Test("a JPEG that asks for pass after pass is refused")
    func scans() throws {
        let jpeg = try bytes("progressive.jpg")
        let scan = try #require(jpeg.indices.dropLast(1).last { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xDA })
        let last = Array(jpeg[scan..<(jpeg.count - 2)])
        let bytes = Array(jpeg[..<scan]) + Array(repeating: last, count: 100).joined() + [0xFF, 0xD9]
        #expect(throws: ImageFault.damaged) { try ImageFile(bytes) }
    }
}

@Suite("Places of images in prompts")
struct ImageMarkerTests {
    private let conversation = Conversation([
        Turn(.user, [.image(ImageSource(dataURL: "data:a", path: nil)), .text("one"), .text("two")]),
        Turn(.user, [.text("three"), .image(ImageSource(dataURL: "data:b", path: nil)), .text("four")]),
    ])

    @Test("texts are joined by line feeds, but not with images")
    func texts() {
        #expect(conversation.turns.map { $0.text { "<\($0)>" } } == ["<0>one\ntwo", "three<0>four"])
    }

    @Test("a rendered prompt is taken apart where its images stand")
    func pieces() {
        let markers = MediaMarkers(conversation)
        let (one, two) = (markers.marker(0), markers.marker(1))
        #expect(markers.pieces(of: "a\(one)b\(two)") == [.text("a"), .media(0), .text("b"), .media(1)])
        #expect(markers.pieces(of: "\(two)\(one)c") == [.media(1), .media(0), .text("c")])
        // Left out, or twice, or none of ours.
        for text in ["a\(one)b", "\(one)\(two)\(one)", markers.marker(2) + one + two, String(one.dropLast()) + two] {
            #expect(markers.pieces(of: text) == nil)
        }
        #expect(MediaMarkers(conversation).pieces(of: one + two) == nil)
    }
}

@Suite("Projectors beside models")
struct ProjectorTests {
    private static let models = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../LlamaTests/Models").standardizedFileURL.path

    /// A folder of links to the tiny models, under other names.
    private func folder(_ links: [String: String]) throws -> TemporaryFolder {
        let folder = TemporaryFolder()
        for (name, target) in links {
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder.path)/\(name).gguf",
                withDestinationPath: "\(Self.models)/\(target).gguf"
            )
        }
        return folder
    }

    private func projector(_ model: String, _ links: [String: String]) throws -> String? {
        let temporary = try folder(links)
        let folder = ModelFolder(path: temporary.path)
        let name = folder.projector(of: try folder.model(model))?.id
        withExtendedLifetime(temporary) {}
        return name
    }

    @Test("a projector goes with the model whose name it has, whatever the weights' format of either")
    func names() throws {
        let (model, mmproj) = ("tiny-smolvlm", "mmproj-tiny-smolvlm")
        #expect(try projector("a", ["a": model, "mmproj-a": mmproj]) == "mmproj-a")
        #expect(try projector("a-Q4_K_M", ["a-Q4_K_M": model, "mmproj-a-f16": mmproj]) == "mmproj-a-f16")
        #expect(try projector("A.Q8_0", ["A.Q8_0": model, "mmproj-a": mmproj]) == "mmproj-a")
        #expect(
            try projector("a-Q8_0", ["a-Q8_0": model, "mmproj-a-BF16": mmproj, "mmproj-a-Q8_0": mmproj])
                == "mmproj-a-Q8_0"
        )
        #expect(try projector("a", ["a": model, "mmproj-b": mmproj]) == nil)
        #expect(try projector("a-2", ["a-2": model, "mmproj-a": mmproj]) == nil)
        // A file of that name that is no projector.
        #expect(try projector("a", ["a": model, "mmproj-a": model]) == nil)
    }

    @Test("a projector of another width is left out beside a model, and refused where it was asked for")
    func widths() throws {
        let temporary = try folder(["b": "tiny-smolvlm", "mmproj-a": "mmproj-tiny-smolvlm"])
        let chat = "\(temporary.path)/a.gguf"
        try FileManager.default.createSymbolicLink(atPath: chat, withDestinationPath: InstalledModels.chat)
        let folder = ModelFolder(path: temporary.path)
        let (wide, narrow) = (try folder.model("a"), try folder.model("b"))
        #expect(folder.projector(of: wide) != nil)
        #expect(ProjectorChoice.beside.beside(wide, folder) == nil)
        let projector = try #require(try ProjectorChoice.file("mmproj-a.gguf").file(in: folder))
        #expect(throws: ModelFolderError.self) { try projector.check(for: wide) }
        try projector.check(for: narrow)
        #expect(throws: ModelFolderError.self) { try ProjectorChoice.file("b.gguf").file(in: folder) }
        #expect(throws: ModelFolderError.self) { try ProjectorChoice.file("c.gguf").file(in: folder) }
        #expect(try ProjectorChoice.none.file(in: folder) == nil)
        #expect(ProjectorChoice.none.beside(narrow, folder) == nil)
    }
}
