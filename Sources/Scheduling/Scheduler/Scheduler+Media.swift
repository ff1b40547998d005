// Media in prompts: encoded alone, once for each owner, and then computed into a sequence like other prompts.

extension Scheduler {
    /// The next step of a prompt that has come to a media item: its encoding, where that is not kept, or its next tokens.
    ///
    /// Streams wait for it as they wait for a prompt's chunk: its tokens are as many as a chunk beside streams has, unless they
    /// have to be in one step, an encoding goes on for as long as a chunk may take, and both have a prompt's share of the
    /// streams' time. Of so many as `batchTurn` steps, one is batch work's. One encoding is begun at a time.
    mutating func mediaStep() -> Step? {
        let ready = running.indices.filter { running[$0].nextMedia != nil && !running[$0].waitsForReader }
        guard !ready.isEmpty else { return nil }
        let streams = streams.count
        let most = policy.fixedChunk ?? pacing.promptTokens(decoding: streams)
        guard most > 0 else { return nil }
        let first: Priority = mediaSteps % policy.batchTurn == policy.batchTurn - 1 ? .batch : .interactive
        guard var index = ready.first(where: { running[$0].priority == first }) ?? ready.first else { return nil }
        if let key = running[index].nextEncoding, key != begunEncoding, !encodings.contains(key) {
            index = ready.first { running[$0].nextEncoding == begunEncoding } ?? index
        }
        let request = running[index]
        guard let item = request.nextMedia, let key = request.nextEncoding else { return nil }
        mediaSteps += 1
        let content = request.generation.media[item.hash]
        guard encodings.contains(key) else {
            let needed = running.compactMap(\.nextEncoding)
            let forgets = encodings.makeRoom(
                for: encodingBytes(of: item),
                within: policy.encodingBytes,
                but: Set(needed)
            )
            return .encode(
                EncodeStep(
                    request: request.id,
                    key: key,
                    item: item,
                    content: content,
                    forgets: forgets,
                    most: .seconds(pacing.encodingSeconds(decoding: streams))
                )
            )
        }
        encodings.use(key, at: tick)
        let begun = slots[slotIndex(request.sequence)].begunTokens
        let count = item.isWhole ? item.tokenCount : min(item.tokenCount - begun, most, limits.maxStepTokens)
        return .media(
            MediaSlice(
                request: request.id,
                sequence: request.sequence,
                key: key,
                item: item,
                content: content,
                tokens: begun..<begun + count,
                position: slots[slotIndex(request.sequence)].position
            )
        )
    }

    private func encodingBytes(of item: MediaItem) -> Int { item.tokenCount * limits.encodingBytesPerToken }

    /// The vectors are there, whoever asked for them, or a part of what makes them is done.
    mutating func commit(_ step: EncodeStep, isWhole: Bool, duration: Duration) {
        pacing.note(mediaTokens: 0, besideStreams: !streams.isEmpty, seconds: duration / .seconds(1))
        if isWhole {
            encodings.insert(step.key, bytes: encodingBytes(of: step.item), at: tick)
        } else {
            begunEncoding = step.key
        }
    }

    /// A prompt is further on in a media item, or behind it.
    mutating func commit(_ slice: MediaSlice, duration: Duration) -> [(RequestID, RequestEvent)] {
        pacing.note(
            mediaTokens: slice.tokens.count,
            besideStreams: !streams.isEmpty,
            seconds: duration / .seconds(1)
        )
        let slot = slotIndex(slice.sequence)
        guard !slots[slot].isDirty else { return [] }
        let index = running.firstIndex { $0.id == slice.request }
        if slice.tokens.upperBound == slice.item.tokenCount {
            // Where the request has gone meanwhile, what there was of the item is to be cut off already.
            guard index != nil || slice.tokens.lowerBound == 0 else { return [] }
            slots[slot].begunTokens = 0
            slots[slot].append(CollectionOfOne(.media(slice.item)))
            guard let index else {
                keepPath(of: slot)
                return []
            }
            advance(index, by: 1)
            return running[index].progress.map { [(slice.request, $0)] } ?? []
        } else {
            slots[slot].begunTokens = slice.tokens.upperBound
            if index == nil { dropBegun(slot) }
        }
        return []
    }

    /// Has what a sequence holds of a media item beyond its items cut off, or all of it cleared where memory can't be cut.
    mutating func dropBegun(_ slot: Int) {
        guard slots[slot].begunTokens > 0 else { return }
        slots[slot].begunTokens = 0
        guard limits.cutsSequences else { return taint(slot) }
        let cut = SequenceOperation.cut(slots[slot].id, toPosition: slots[slot].position)
        if !pendingOperations.contains(cut) { pendingOperations.append(cut) }
    }
}
