extension InferenceEngine {
    /// Ends the generations of an owner where they are, as if the model had ended them; those that wait, without a token.
    ///
    /// Their readers get the tokens that were made, then the closing event.
    package func finishAnswers(of owner: Owner) {
        let events = scheduler.snapshot.requests.compactMap { request -> (RequestID, RequestEvent)? in
            guard let life = recorder[request.id], life.owner == owner, life.prompt != nil else { return nil }
            let usage = TokenUsage(prompt: life.promptTokens, cached: request.cached, generated: request.generated)
            return (request.id, .finished(.stop, usage))
        }
        for (id, _) in events {
            scheduler.cancel(id)
            // Counted as such: no token of the model's ended it.
            recorder.cancelled(id)
        }
        tell(events)
        // The sequences that are free now may be what others wait for.
        schedulePump()
    }
}
