internal import Scheduling

extension LlamaBackend {
    /// Computes the vectors of an image or sound, and keeps them; in parts, where they take longer than the step may.
    func encode(_ step: EncodeStep) throws(LlamaError) -> StepOutcome {
        for key in step.forgets { encodings[key] = nil }
        guard let projector, let media = step.content as? PreparedMedia else {
            return .failed("the model takes no media")
        }
        try yieldCores()
        if let begunEncoding, begunEncoding.key != step.key { rest() }
        let encoding = begunEncoding?.encoding ?? projector.encoding(of: media, tokens: step.item.tokenCount)
        begunEncoding = nil
        switch try encoding.goOn(for: step.most) {
        case .done(let vectors):
            encodings[step.key] = vectors
            return .encoded
        case .begun:
            begunEncoding = (step.key, encoding)
            return .encodedInPart
        case .aborted: return .aborted
        }
    }

    package func rest() {
        begunEncoding?.encoding.giveUp()
        begunEncoding = nil
    }

    /// Computes tokens of an image or sound at the end of what a sequence holds.
    func decode(_ slice: MediaSlice) throws(LlamaError) -> StepOutcome {
        guard let projector, let media = slice.content as? PreparedMedia, let vectors = encodings[slice.key] else {
            return .failed("an image or sound is not encoded")
        }
        try yieldCores()
        let outcome = try context.decode(
            slice.tokens,
            of: media,
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
