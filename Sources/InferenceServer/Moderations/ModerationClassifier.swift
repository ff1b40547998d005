import Foundation
import WireFormat

/// Judges vectors of texts by their likeness to those of examples: a function for each category.
///
/// Kernel ridge regression of "is an example of it" (1 or 0), with a kernel that falls with the distance between vectors.
/// Any model that embeds can be used. The three numbers were chosen for all-MiniLM-L6-v2 on the examples alone, each judged
/// by the others.
struct ModerationClassifier: Sendable {
    /// How fast likeness falls with distance.
    static let sharpness = 2.0
    /// How much large weights cost.
    static let ridge = 0.1
    /// From which value of its function a category is flagged.
    static let threshold = 0.38
    /// How fast scores go from 0 to 1 around the threshold.
    private static let steepness = 10.0

    private let vectors: [[Float]]
    /// Of each example, for each category in the order of `allCases`.
    private let weights: [[Double]]

    /// Learns from examples.
    ///
    /// - Parameters:
    ///   - examples: What each is an example of.
    ///   - vectors: Theirs, of length 1.
    init(_ examples: [ModerationExamples.Example], _ vectors: [[Float]]) {
        var matrix = vectors.map { left in vectors.map { Self.likeness(left, $0) } }
        for index in matrix.indices { matrix[index][index] += Self.ridge }
        let factor = Self.factorized(matrix)
        self.vectors = vectors
        weights = ModerationCategory.allCases.map { category in
            Self.solve(factor, examples.map { $0.categories.contains(category) ? 1 : 0 })
        }
    }

    /// What a vector of length 1 is found to be.
    func judge(_ vector: [Float]) -> Moderation.Result {
        let likeness = vectors.map { Self.likeness($0, vector) }
        var scores: [ModerationCategory: Double] = [:]
        for (category, weights) in zip(ModerationCategory.allCases, weights) {
            let value = zip(weights, likeness).reduce(0) { $0 + $1.0 * $1.1 }
            scores[category] = Self.score(value)
        }
        return Moderation.Result(scores: scores, flagged: Set(scores.filter { $0.value >= 0.5 }.keys))
    }

    /// 1 for the same vector; less the farther they are apart.
    private static func likeness(_ left: [Float], _ right: [Float]) -> Double {
        exp(sharpness * (Double(left.dot(right)) - 1))
    }

    /// Between 0 and 1; 0.5 at the threshold.
    private static func score(_ value: Double) -> Double { 1 / (1 + exp(-steepness * (value - threshold))) }

    /// The lower triangle whose product with itself is the matrix, which is symmetric and positive definite (Cholesky).
    private static func factorized(_ matrix: [[Double]]) -> [[Double]] {
        var factor = matrix
        for row in matrix.indices {
            for column in 0...row {
                let sum = (0..<column).reduce(matrix[row][column]) { $0 - factor[row][$1] * factor[column][$1] }
                factor[row][column] = row == column ? sum.squareRoot() : sum / factor[column][column]
            }
        }
        return factor
    }

    /// What the factorized matrix times gives these values.
    private static func solve(_ factor: [[Double]], _ values: [Double]) -> [Double] {
        var solution = values
        for row in factor.indices {
            let sum = (0..<row).reduce(solution[row]) { $0 - factor[row][$1] * solution[$1] }
            solution[row] = sum / factor[row][row]
        }
        for row in factor.indices.reversed() {
            let sum = (row + 1..<factor.count).reduce(solution[row]) { $0 - factor[$1][row] * solution[$1] }
            solution[row] = sum / factor[row][row]
        }
        return solution
    }
}

extension Moderation.Result {
    /// What is found in any of several parts of a text; nothing where there is none.
    static func worst(_ parts: [Self]) -> Self {
        let scores = parts.reduce(into: [:]) { $0.merge($1.scores) { max($0, $1) } }
        return Self(scores: scores, flagged: parts.reduce(into: []) { $0.formUnion($1.flagged) })
    }
}
