// Measures how much the shape of a batch changes logits: the same tokens after the same memory, decoded alone, beside
// others, and as parts of chunks.
//
// usage: NoiseBench MODEL.gguf [--blas]

import Llama
import Scheduling
import Tokenizer
import Tuning

let sequences = 16
let prefix = 48
let scored = 16

/// The logits of every scored place, sequence after sequence.
typealias Rows = [[Float]]

/// How the scored tokens are put into batches.
enum Shape: CustomStringConvertible {
    /// One token of so many sequences at a time.
    case tokens(of: Int)
    /// So many tokens of one sequence at a time.
    case chunk(Int)
    /// All tokens of all sequences at once.
    case all

    var description: String {
        switch self {
        case .tokens(of: 1): "a token alone, once more"
        case .tokens(let count): "a token of each of \(count) sequences"
        case .chunk(let count): "chunks of \(count) tokens"
        case .all: "\(sequences * scored) tokens at once"
        }
    }

    /// Batches of (sequence, scored place) pairs.
    var batches: [[(Int, Int)]] {
        switch self {
        case .tokens(let count):
            stride(from: 0, to: sequences, by: count).flatMap { first in
                (0..<scored).map { place in (first..<first + count).map { ($0, place) } }
            }
        case .chunk(let count):
            (0..<sequences).flatMap { sequence in
                stride(from: 0, to: scored, by: count).map { first in (first..<first + count).map { (sequence, $0) } }
            }
        case .all: [(0..<sequences).flatMap { sequence in (0..<scored).map { (sequence, $0) } }]
        }
    }
}

func rows(_ shape: Shape, _ texts: [[Token]], _ evaluator: LlamaEvaluator, vocabularySize: Int) throws -> Rows {
    // What comes before is the same in all shapes.
    for sequence in 0..<sequences {
        try evaluator.cut(SequenceID(rawValue: Int32(sequence)), toPosition: prefix)
    }
    var rows = Rows(repeating: [], count: sequences * scored)
    for batch in shape.batches {
        try evaluator.compute(
            batch.map { sequence, place in
                LlamaEvaluator.Input(
                    texts[sequence][prefix + place],
                    position: prefix + place,
                    sequence: SequenceID(rawValue: Int32(sequence)),
                    wantsLogits: true
                )
            }
        )
        for (index, (sequence, place)) in batch.enumerated() {
            rows[sequence * scored + place] = try evaluator.withLogits(at: index) { logits in
                (0..<vocabularySize).map { logits[$0] }
            }
        }
    }
    return rows
}

/// The two highest logits of a row, and the place of the highest.
func best(_ row: [Float]) -> (token: Int, first: Float, second: Float) {
    var found = (token: 0, first: -Float.infinity, second: -Float.infinity)
    for (token, logit) in row.enumerated() {
        if logit > found.first {
            found = (token, logit, found.first)
        } else if logit > found.second {
            found.second = logit
        }
    }
    return found
}

func percent(_ part: Int, of all: Int) -> String {
    "\((1000 * part + all / 2) / all / 10).\((1000 * part + all / 2) / all % 10)%"
}
func rounded(_ value: Float) -> Float { (value * 1e5).rounded() / 1e5 }

guard CommandLine.arguments.count >= 2 else { fatalError("usage: NoiseBench MODEL.gguf [--blas]") }
LlamaRuntime.waitBriefly()
LlamaRuntime.start(usesBLAS: CommandLine.arguments.contains("--blas"))
let model = try LlamaModel(path: CommandLine.arguments[1])
let vocabulary = try model.makeVocabulary()
let text = try vocabulary.encode(ReferenceText.text, addSpecial: false, parseSpecial: false)
let stretch = text.count / sequences
guard stretch >= prefix + scored else { fatalError("the reference text is too short for this vocabulary") }
let texts = (0..<sequences).map { Array(text[$0 * stretch..<$0 * stretch + prefix + scored]) }
let options = LlamaBackend.Options(contextLength: 256, sequences: sequences, threads: 2)
let evaluator = try LlamaEvaluator(model: model, options: options, vocabularySize: vocabulary.size)

for (sequence, text) in texts.enumerated() {
    try evaluator.compute(
        text.prefix(prefix).enumerated().map {
            LlamaEvaluator.Input(
                $1,
                position: $0,
                sequence: SequenceID(rawValue: Int32(sequence)),
                wantsLogits: $0 == prefix - 1
            )
        }
    )
}

let alone = try rows(.tokens(of: 1), texts, evaluator, vocabularySize: vocabulary.size)
let margins = alone.map { row in
    let top = best(row)
    return top.first - top.second
}
print(
    "| beside a token alone | largest difference | median of the places' largest | mean | nearer than twice the largest | another is best |"
)
print("|---|---|---|---|---|---|")
let shapes: [Shape] = [
    .tokens(of: 1), .tokens(of: 2), .tokens(of: 4), .tokens(of: 8), .tokens(of: 16), .chunk(4), .chunk(16),
    .all,
]
for shape in shapes {
    let other = try rows(shape, texts, evaluator, vocabularySize: vocabulary.size)
    var largest: [Float] = []
    var sum = 0.0
    for (left, right) in zip(alone, other) {
        var most: Float = 0
        for token in left.indices {
            let difference = abs(left[token] - right[token])
            most = max(most, difference)
            sum += Double(difference)
        }
        largest.append(most)
    }
    largest.sort()
    let most = largest[largest.count - 1]
    let near = margins.count { $0 < 2 * most }
    let changed = zip(alone, other).count { best($0).token != best($1).token }
    let mean = Float(sum / Double(alone.count * vocabulary.size))
    print(
        "| \(shape) | \(rounded(most)) | \(rounded(largest[largest.count / 2])) | \(rounded(mean)) "
            + "| \(percent(near, of: margins.count)) | \(percent(changed, of: margins.count)) |"
    )
}

let sorted = margins.sorted()
print("\n\(sorted.count) places, whose best two logits lie \(rounded(sorted[sorted.count / 2])) apart in the median")
