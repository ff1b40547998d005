internal import CLlama
internal import RuntimeSupport

/// The process-wide part of llama.cpp: its log, its devices, its versions.
package enum LlamaRuntime {
    /// Starts the runtime; before anything else here, once.
    ///
    /// Later calls do nothing.
    ///
    /// - Parameter usesBLAS: Whether ggml's BLAS backend may take products over. Where it is registered it takes every
    ///   large one, and for quantized weights ggml's own kernels are faster.
    package static func start(usesBLAS: Bool = false) {
        unsafe cl_runtime_start(forwardLog, nil, usesBLAS)
    }

    /// Restarts the program unless its threads are known to sleep after a short wait for each other.
    ///
    /// The first thing that a program does: what it has done before is lost, or done twice.
    package static func waitBriefly() {
        unsafe cl_restart_with_short_waits(CommandLine.unsafeArgv)
    }

    /// Chooses whether models loaded from now on use ggml's BLAS backend.
    ///
    /// Does nothing where this build has no such backend.
    ///
    /// - Parameter isUsed: See `start`.
    package static func useBLAS(_ isUsed: Bool) { cl_runtime_use_blas(isUsed) }

    /// Whether this build has ggml's BLAS backend.
    package static var hasBLAS: Bool { cl_runtime_has_blas() }

    package static var llamaVersion: String { unsafe String(cString: cl_llama_version()) }
    package static var ggmlVersion: String { unsafe String(cString: cl_ggml_version()) }
    /// The CPU features that ggml was built for.
    package static var systemInfo: String { unsafe String(cString: cl_system_info()) }

    /// The names of ggml's devices, such as `CPU`.
    package static var devices: [String] {
        (0..<cl_device_count()).map { unsafe String(cString: cl_device_name($0)) }
    }

    /// How many threads mathematics runs on best on this machine.
    package static var bestThreadCount: Int { Int(cl_best_thread_count()) }
}

/// Sends llama.cpp's lines to the log, a level down: what fails there is reported by an error of ours, to which they are
/// the details.
///
/// Most of what it calls info is of use only when debugging.
private func forwardLog(_ level: Int32, _ text: UnsafePointer<CChar>?, _: UnsafeMutableRawPointer?) {
    guard let text = unsafe text else { return }
    let log = Log("llama")
    let line = unsafe String(cString: text).trimmingSuffix { $0.isNewline || $0 == "." }
    guard !line.isEmpty else { return }
    switch level {
    case 4: log.warning(line)
    case 3: log.info(line)
    default: log.debug(line)
    }
}

extension String {
    fileprivate func trimmingSuffix(while matches: (Character) -> Bool) -> String {
        var rest = self[...]
        while let last = rest.last, matches(last) { rest.removeLast() }
        return String(rest)
    }
}
