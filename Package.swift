// swift-tools-version: 6.2
// No external packages: the toolchain, and C libraries behind module maps.
// `make deps` builds the native libraries into .native/prefix; after that `swift build` works by itself.

import Foundation
import PackageDescription

let prefix = "\(Context.packageDirectory)/.native/prefix"

/// What every Swift target is compiled with.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// What the targets that face C are compiled with: each unsafe use is spelled out.
let strictInterop: [SwiftSetting] = strict + [.strictMemorySafety()]

/// What the GPU backend that was built needs, if one was: lines that Scripts/build-native.sh leaves in the prefix.
let acceleratorLibraries: [LinkerSetting] = {
    let text = (try? String(contentsOfFile: "\(prefix)/accelerator", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        return switch words.first {
        case "search": .unsafeFlags(["-L\(words[1])", "-Xlinker", "-rpath", "-Xlinker", words[1]])
        case "stubs": .unsafeFlags(["-L\(words[1])"])
        case "library": .linkedLibrary(words[1])
        case "framework": .linkedFramework(words[1])
        default: nil
        }
    }
}()

/// llama.cpp and the ggml that it shares with whisper.cpp, in link order.
let nativeLibraries: [LinkerSetting] =
    [.unsafeFlags(["-L\(prefix)/lib"])]
    + [
        "llama-common", "llama-common-base", "mtmd", "llama", "vendor-hash", "cpp-httplib", "ggml",
    ].map { .linkedLibrary($0) }
    + acceleratorLibraries
    + [
        "ggml-blas", "ggml-cpu", "ggml-base", "openblas", "gomp", "stdc++", "m", "pthread", "dl",
    ].map { .linkedLibrary($0) }

/// whisper.cpp's sources.
let whisper = "\(Context.packageDirectory)/.native/src/whisper.cpp"

let nativeHeaders = ["-I\(prefix)/include", "-I\(prefix)/include/llama-common"]

let package = Package(
    name: "inference-server",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "inference-server", targets: ["InferenceServer"])],
    // What is under the GPL, on unless left out: `swift build --disable-default-traits` builds the core alone.
    traits: [
        .trait(name: "ESpeak", description: "speech by espeak-ng, GPL-3.0-or-later"),
        .trait(name: "FFmpeg", description: "audio files by FFmpeg, under the GPL as Debian builds it"),
        .default(enabledTraits: ["ESpeak", "FFmpeg"]),
    ],
    targets: [
        // C libraries: a module map and a shim, nothing else.
        .target(
            name: "CLlama",
            // Optimized in debug builds too: sampling passes over whole vocabularies.
            cxxSettings: [.unsafeFlags(nativeHeaders + ["-O2"])],
            linkerSettings: nativeLibraries
        ),
        .target(
            name: "CWhisper",
            // It compiles whisper.cpp itself, with what the library was built with; its detector of voices is embedded.
            cxxSettings: [
                .unsafeFlags(nativeHeaders + ["-I\(whisper)/src", "--embed-dir=\(whisper)/models", "-O2"]),
                .define("NDEBUG"), .define("GGML_MAX_NAME", to: "128"), .define("WHISPER_VERSION", to: "\"1.8.5\""),
            ],
            linkerSettings: nativeLibraries + [.linkedLibrary("z")]
        ),
        .target(name: "CMicroHTTPD", linkerSettings: [.linkedLibrary("microhttpd")]),
        .target(name: "CJansson", linkerSettings: [.linkedLibrary("jansson")]),
        .target(name: "CEncodings", exclude: ["cl100k.bin"]),
        .target(name: "CYAML", linkerSettings: [.linkedLibrary("yaml")]),
        .target(name: "CSonic", linkerSettings: [.linkedLibrary("sonic")]),
        // Empty without their traits.
        .target(
            name: "CESpeak",
            cSettings: [.define("ESPEAK", .when(traits: ["ESpeak"]))],
            linkerSettings: [.linkedLibrary("espeak-ng", .when(traits: ["ESpeak"]))]
        ),
        .target(
            name: "CFFmpeg",
            cSettings: [.define("FFMPEG", .when(traits: ["FFmpeg"]))],
            linkerSettings: ["avformat", "avcodec", "swresample", "avutil"].map {
                .linkedLibrary($0, .when(traits: ["FFmpeg"]))
            }
        ),
        .target(
            name: "CHash",
            linkerSettings: [.unsafeFlags(["-L\(prefix)/lib"]), .linkedLibrary("vendor-hash")]
        ),

        // Swift, from the bottom up.
        .target(name: "RuntimeSupport", swiftSettings: strictInterop),
        .target(name: "WireFormat", dependencies: ["CJansson"], swiftSettings: strictInterop),
        .target(name: "HTTP", dependencies: ["CMicroHTTPD", "RuntimeSupport"], swiftSettings: strictInterop),
        .target(name: "Tokenizer", dependencies: ["CEncodings", "CLlama"], swiftSettings: strictInterop),
        .target(name: "Scheduling", dependencies: ["RuntimeSupport"], swiftSettings: strict),
        .target(
            name: "Llama",
            dependencies: ["CLlama", "RuntimeSupport", "Scheduling", "Tokenizer"],
            swiftSettings: strictInterop
        ),
        .target(
            name: "Tuning",
            dependencies: ["Llama", "RuntimeSupport", "Scheduling", "Tokenizer"],
            swiftSettings: strict
        ),
        .target(name: "KVStore", dependencies: ["CHash", "RuntimeSupport"], swiftSettings: strictInterop),
        .target(name: "YAML", dependencies: ["CYAML"], swiftSettings: strictInterop),
        .target(
            name: "Media",
            dependencies: ["CFFmpeg", "CSonic", "RuntimeSupport"],
            swiftSettings: strictInterop
        ),
        .target(
            name: "Speech",
            dependencies: ["CESpeak", "Media", "RuntimeSupport"],
            swiftSettings: strictInterop
        ),
        .target(name: "Whisper", dependencies: ["CWhisper", "RuntimeSupport"], swiftSettings: strictInterop),
        .executableTarget(
            name: "InferenceServer",
            dependencies: [
                "HTTP", "KVStore", "Llama", "Media", "RuntimeSupport", "Scheduling", "Speech", "Tokenizer", "Tuning",
                "Whisper", "WireFormat", "YAML",
            ],
            // The page of /docs is part of the program.
            resources: [.embedInCode("Docs/page.html"), .embedInCode("Docs/page.css"), .embedInCode("Docs/page.js")],
            swiftSettings: strict
        ),

        // Tests: one target a module, and what they share.
        .target(
            name: "TestSupport",
            dependencies: ["RuntimeSupport", "Scheduling"],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .target(
            name: "CLlamaReference",
            dependencies: ["CLlama"],
            path: "Tests/CLlamaReference",
            // The tool that speaks is not installed: its source is compiled as it is.
            cxxSettings: [
                .unsafeFlags(nativeHeaders + ["-I\(Context.packageDirectory)/.native/src/llama.cpp/tools/tts"])
            ],
            linkerSettings: nativeLibraries
        ),
        // Benchmarks, in no product that is installed.
        .executableTarget(
            name: "SamplingBench",
            dependencies: ["CLlama", "CLlamaReference"],
            path: "Scripts/bench/sampling"
        ),
        .executableTarget(
            name: "NoiseBench",
            dependencies: ["Llama", "Scheduling", "Tokenizer", "Tuning"],
            path: "Scripts/bench/noise",
            swiftSettings: strict
        ),
        .testTarget(
            name: "RuntimeSupportTests",
            dependencies: ["RuntimeSupport", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(name: "WireFormatTests", dependencies: ["TestSupport", "WireFormat"], swiftSettings: strict),
        .testTarget(
            name: "HTTPTests",
            dependencies: ["HTTP", "RuntimeSupport", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TokenizerTests",
            dependencies: ["CLlama", "TestSupport", "Tokenizer"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SchedulingTests",
            dependencies: ["RuntimeSupport", "Scheduling", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "LlamaTests",
            dependencies: [
                "CLlama", "CLlamaReference", "Llama", "RuntimeSupport", "Scheduling", "TestSupport", "Tokenizer",
            ],
            exclude: ["Embeddings", "Images", "Models", "Speech"],
            swiftSettings: strict
        ),
        .testTarget(name: "YAMLTests", dependencies: ["YAML"], swiftSettings: strict),
        .testTarget(name: "MediaTests", dependencies: ["Media", "RuntimeSupport"], swiftSettings: strict),
        .testTarget(
            name: "SpeechTests",
            dependencies: ["Media", "RuntimeSupport", "Speech", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WhisperTests",
            dependencies: ["CWhisper", "RuntimeSupport", "Whisper"],
            swiftSettings: strict
        ),
        .testTarget(name: "KVStoreTests", dependencies: ["KVStore", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TuningTests",
            dependencies: ["Llama", "TestSupport", "Tokenizer", "Tuning"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "InferenceServerTests",
            dependencies: [
                "CLlama", "InferenceServer", "KVStore", "Llama", "RuntimeSupport", "Scheduling", "TestSupport",
                "Tokenizer",
                "WireFormat",
            ],
            exclude: ["Lark"],
            swiftSettings: strict
        ),
    ],
    cxxLanguageStandard: .cxx17
)
