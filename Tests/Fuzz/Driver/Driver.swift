@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

/// Who reads an input; false for one that nobody reads, and that is not to be kept.
public typealias InputReader = @Sendable (UnsafeBufferPointer<UInt8>) -> Bool

// Set before the first input, on the one thread that there is.
nonisolated(unsafe) private var read: InputReader = { _ in false }

/// Has libFuzzer run with a program's arguments.
///
/// - Parameters:
///   - count: How many arguments there are.
///   - arguments: libFuzzer's.
///   - reader: Reads each input.
/// - Returns: The exit status.
public func fuzz(
    _ count: CInt,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
    with reader: @escaping InputReader
) -> CInt {
    read = reader
    var (count, arguments) = (count, arguments)
    return runDriver(&count, &arguments, test)
}

/// Called by libFuzzer.
///
/// - Returns: 0, or -1 for an input that is not to be kept.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    read(UnsafeBufferPointer(start: start, count: count)) ? 0 : -1
}
