internal import CLlama
internal import Scheduling

/// What a sequence held, in ordinary memory.
enum SequenceState {
    case saved(NativeState)
    /// As it was read from elsewhere.
    case read([UInt8])

    var bytes: [UInt8] {
        switch self {
        case .saved(let state): state.bytes
        case .read(let bytes): bytes
        }
    }
}

/// What a context has saved; llama.cpp's side owns the memory.
@safe final class NativeState {
    private let handle: OpaquePointer

    fileprivate init(_ handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe cl_state_free(handle) }

    /// Lends the bytes.
    fileprivate func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        var size = 0
        let start = unsafe cl_state_bytes(handle, &size)
        return unsafe body(UnsafeBufferPointer(start: start, count: size))
    }

    /// A copy of the bytes.
    var bytes: [UInt8] { unsafe withBytes { unsafe Array($0) } }
}

extension LlamaContext {
    /// Keeps a copy of what a sequence holds.
    func save(_ sequence: SequenceID) throws(LlamaError) -> NativeState {
        var state: OpaquePointer?
        unsafe try LlamaError.check(cl_state_save(handle, sequence.rawValue, &state), "save a sequence")
        guard let state = unsafe state else { fatalError("a saving that succeeds gives a state") }
        return unsafe NativeState(state)
    }

    /// Gives an empty sequence what was saved.
    func restore(_ state: SequenceState, to sequence: SequenceID) throws(LlamaError) {
        func give(_ bytes: UnsafeBufferPointer<UInt8>) -> cl_status {
            unsafe cl_state_restore(handle, sequence.rawValue, bytes.baseAddress, bytes.count)
        }
        let status =
            switch state {
            case .saved(let state): unsafe state.withBytes { unsafe give($0) }
            case .read(let bytes): unsafe bytes.withUnsafeBufferPointer { unsafe give($0) }
            }
        try LlamaError.check(status, "restore a sequence")
    }

    /// What a sequence would take as a state now, in bytes.
    func stateSize(of sequence: SequenceID) -> Int { unsafe Int(cl_state_size(handle, sequence.rawValue)) }
}
