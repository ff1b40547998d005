// swift-tools-version: 6.2
// Programs that `make fuzz` builds: libFuzzer's, in a package of their own, since all of it is built for coverage.

import Foundation
import PackageDescription

let root = URL(filePath: Context.packageDirectory).deletingLastPathComponent().deletingLastPathComponent().path
let prefix = "\(root)/.native/prefix"
let nativeHeaders = ["-I\(prefix)/include", "-I\(prefix)/include/llama-common"]

let upcoming: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// What the GPU backend needs, if one was built: as in the server's own manifest.
let acceleratorLibraries: [String] = {
    let text = (try? String(contentsOfFile: "\(prefix)/accelerator", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").flatMap { line -> [String] in
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        return switch words.first {
        case "search": ["-L\(words[1])", "-Xlinker", "-rpath", "-Xlinker", words[1]]
        case "stubs": ["-L\(words[1])"]
        case "library": ["-l\(words[1])"]
        case "framework": ["-framework", words[1]]
        default: []
        }
    }
}()

let nativeLibraries: [LinkerSetting] = [
    .unsafeFlags(
        ["-L\(prefix)/lib"]
            + ["llama-common", "llama-common-base", "mtmd", "llama", "vendor-hash", "cpp-httplib", "ggml"].map {
                "-l\($0)"
            }
            + acceleratorLibraries
            + ["ggml-blas", "ggml-cpu", "ggml-base", "openblas", "gomp", "stdc++", "m", "pthread", "dl"].map {
                "-l\($0)"
            }
    )
]

/// Their main function is libFuzzer's.
let fuzzer: [SwiftSetting] = upcoming + [.unsafeFlags(["-parse-as-library"])]

// The default linker warns of each of the sanitizer's symbols.
let linker: LinkerSetting = .unsafeFlags(["-use-ld=lld"])

let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v15)],
    targets: [
        // The server's modules: Modules is a link to Sources.
        .target(name: "CJansson", path: "Modules/CJansson", linkerSettings: [.linkedLibrary("jansson")]),
        .target(name: "CYAML", path: "Modules/CYAML", linkerSettings: [.linkedLibrary("yaml")]),
        .target(name: "CEncodings", path: "Modules/CEncodings", exclude: ["cl100k.bin"]),
        .target(
            name: "CLlama",
            path: "Modules/CLlama",
            cxxSettings: [.unsafeFlags(nativeHeaders)],
            linkerSettings: nativeLibraries
        ),
        .target(name: "CMicroHTTPD", path: "Modules/CMicroHTTPD", linkerSettings: [.linkedLibrary("microhttpd")]),
        .target(name: "CSonic", path: "Modules/CSonic", linkerSettings: [.linkedLibrary("sonic")]),
        .target(
            name: "CFFmpeg",
            path: "Modules/CFFmpeg",
            cSettings: [.define("FFMPEG")],
            linkerSettings: ["avformat", "avcodec", "swresample", "avutil"].map { .linkedLibrary($0) }
        ),
        .target(name: "RuntimeSupport", path: "Modules/RuntimeSupport", swiftSettings: upcoming),
        .target(
            name: "HTTP",
            dependencies: ["CMicroHTTPD", "RuntimeSupport"],
            path: "Modules/HTTP",
            swiftSettings: upcoming
        ),
        .target(
            name: "Media",
            dependencies: ["CFFmpeg", "CSonic", "RuntimeSupport"],
            path: "Modules/Media",
            swiftSettings: upcoming + [.define("FFmpeg")]
        ),
        .target(name: "WireFormat", dependencies: ["CJansson"], path: "Modules/WireFormat", swiftSettings: upcoming),
        .target(name: "YAML", dependencies: ["CYAML"], path: "Modules/YAML", swiftSettings: upcoming),
        .target(
            name: "Tokenizer",
            dependencies: ["CEncodings", "CLlama"],
            path: "Modules/Tokenizer",
            swiftSettings: upcoming
        ),

        // The fuzzers, and how libFuzzer runs them.
        .target(name: "FuzzDriver", path: "Driver", swiftSettings: upcoming),
        .executableTarget(
            name: "FuzzDecoders",
            dependencies: ["FuzzDriver", "WireFormat", "YAML"],
            path: "Decoders",
            swiftSettings: fuzzer,
            linkerSettings: [linker]
        ),
        .executableTarget(
            name: "FuzzFiles",
            dependencies: ["FuzzDriver", "HTTP", "Media"],
            path: "Files",
            swiftSettings: fuzzer,
            linkerSettings: [linker]
        ),
        .executableTarget(
            name: "FuzzNative",
            dependencies: ["CLlama", "FuzzDriver", "Tokenizer", "WireFormat"],
            path: "Native",
            swiftSettings: fuzzer,
            linkerSettings: [linker]
        ),
    ],
    cxxLanguageStandard: .cxx17
)
