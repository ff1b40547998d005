internal import CLlama
internal import Scheduling

/// What a sequence held, in ordinary memory.
@safe final class SequenceState {
    fileprivate let handle: OpaquePointer

    fileprivate init(_ handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe cl_state_free(handle) }
}

extension LlamaContext {
    /// Keeps a copy of what a sequence holds.
    func save(_ sequence: SequenceID) throws(LlamaError) -> SequenceState {
        var state: OpaquePointer?
        unsafe try LlamaError.check(cl_state_save(handle, sequence.rawValue, &state), "save a sequence")
        guard let state = unsafe state else { fatalError("a saving that succeeds gives a state") }
        return unsafe SequenceState(state)
    }

    /// Gives an empty sequence what was saved.
    func restore(_ state: SequenceState, to sequence: SequenceID) throws(LlamaError) {
        let status = unsafe cl_state_restore(handle, sequence.rawValue, state.handle)
        try LlamaError.check(status, "restore a sequence")
    }

    /// What a sequence would take as a state now, in bytes.
    func stateSize(of sequence: SequenceID) -> Int { unsafe Int(cl_state_size(handle, sequence.rawValue)) }
}
