internal import Scheduling

extension LlamaBackend {
    /// Computes the vectors of an image, and keeps them.
    func encode(_ step: EncodeStep) throws(LlamaError) -> StepOutcome {
        for key in step.forgets { encodings[key] = nil }
        guard let projector, let image = step.content as? PreparedImage else {
            return .failed("the model takes no media")
        }
        try yieldCores()
        guard let vectors = try projector.encode(image, tokens: step.item.tokenCount) else { return .aborted }
        encodings[step.key] = vectors
        return .encoded
    }

    /// Computes tokens of an image at the end of what a sequence holds.
    func decode(_ slice: MediaSlice) throws(LlamaError) -> StepOutcome {
        guard let projector, let image = slice.content as? PreparedImage, let vectors = encodings[slice.key] else {
            return .failed("an image is not encoded")
        }
        try yieldCores()
        let outcome = try context.decode(
            slice.tokens,
            of: image,
            vectors,
            sequence: slice.sequence,
            position: slice.position,
            projector
        )
        return switch outcome {
        case .noRoom: .noRoom
        case .aborted: .aborted
        case .decoded: .sampled([])
        }
    }
}
