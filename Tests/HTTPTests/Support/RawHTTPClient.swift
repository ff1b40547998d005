import Foundation
import RuntimeSupport
import Testing

/// A client that sends exactly the bytes it is told to, and can misbehave in every way.
///
/// Calls that may block run on threads of their own: the tests' tasks share theirs with the server's handlers.
final class RawHTTPClient: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let socket: Int32
    private let buffer = Guarded<[UInt8]>([])

    /// Connects to the loopback address.
    ///
    /// `receiveBuffer` is how many bytes the kernel takes for a client that doesn't read; nil for its own choice.
    init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw Failure(description: "socket: \(errno)") }
        if var size = receiveBuffer {
            setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        // No test waits longer than this for bytes: one that would hang fails instead.
        var timeout = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { [socket] in
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // The initializer is complete, so deinit closes the socket.
        guard result == 0 else { throw Failure(description: "connect: \(errno)") }
    }

    deinit { Glibc.close(socket) }

    // MARK: - Sending

    /// Sends all bytes, or as many as the server takes before it closes the connection; whether it were all.
    @discardableResult
    func send(_ bytes: [UInt8]) async -> Bool {
        await onThread { [socket] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    @discardableResult
    func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

    /// Sends a request with a Host header and, where there is a body, its length.
    @discardableResult
    func request(_ line: String, headers: [String] = [], body: String? = nil) async -> Bool {
        var lines = ["\(line) HTTP/1.1", "Host: localhost"] + headers
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        return await send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    // MARK: - Receiving

    /// The next response; interim ones are skipped.
    func response(toHead: Bool = false) async throws -> RawResponse {
        while true {
            var response = try RawResponse(head: try await read(through: "\r\n\r\n"))
            if response.status == 100 { continue }
            if toHead || response.status == 204 || response.status == 304 { return response }
            if response["transfer-encoding"] == "chunked" {
                while true {
                    // A Swift string has one character for the line break.
                    let line = try await read(through: "\r\n").dropLast()
                    guard let count = Int(line, radix: 16) else { throw Failure(description: "bad chunk \(line)") }
                    response.body += try await read(count: count)
                    _ = try await read(through: "\r\n")
                    if count == 0 { return response }
                }
            } else if let length = response["content-length"].flatMap({ Int($0) }) {
                response.body = try await read(count: length)
            } else {
                response.body = await readToEnd()
            }
            return response
        }
    }

    /// Everything until the server closes the connection.
    func readToEnd() async -> [UInt8] {
        while await receive() {}
        return take(nil)
    }

    func read(count: Int) async throws -> [UInt8] {
        while buffer.withLock({ $0.count }) < count {
            guard await receive() else { throw Failure(description: "closed before \(count) bytes") }
        }
        return take(count)
    }

    /// The text up to this mark and with it.
    func read(through mark: String) async throws -> String {
        let wanted = Array(mark.utf8)
        while true {
            if let range = buffer.withLock({ $0.firstRange(of: wanted) }) {
                return String(decoding: take(range.upperBound), as: UTF8.self)
            }
            guard await receive() else {
                throw Failure(description: "closed after \(String(decoding: take(nil), as: UTF8.self))")
            }
        }
    }

    private func take(_ count: Int?) -> [UInt8] {
        buffer.withLock { buffer in
            let taken = Array(buffer.prefix(count ?? buffer.count))
            buffer.removeFirst(taken.count)
            return taken
        }
    }

    /// False once the connection is closed, by whichever end.
    ///
    /// Nothing for half a minute is a failure of the test.
    private func receive() async -> Bool {
        let (part, timedOut) = await onThread { [socket] in
            var bytes = [UInt8](repeating: 0, count: 64 << 10)
            let count = recv(socket, &bytes, bytes.count, 0)
            return (Array(bytes.prefix(max(count, 0))), count < 0 && errno == EAGAIN)
        }
        if timedOut { Issue.record("The server neither sent anything nor closed the connection.") }
        buffer.withLock { $0 += part }
        return !part.isEmpty
    }

    // MARK: - Leaving

    /// Closes both directions, as a client does that ends in an orderly way.
    func close() { shutdown(socket, Int32(SHUT_RDWR)) }

    /// Sends nothing more, but goes on receiving.
    func closeSending() { shutdown(socket, Int32(SHUT_WR)) }

    /// Makes the connection be reset when the client is let go.
    func resetWhenReleased() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }
}

/// A response as it came.
struct RawResponse: Sendable {
    let status: Int
    let headers: [(name: String, value: String)]
    var body: [UInt8] = []

    init(head: String) throws {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: true)
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw RawHTTPClient.Failure(description: "not a status line: \(head)")
        }
        self.status = status
        headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
        }
    }

    subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// Runs what blocks on a thread of its own.
func onThread<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: work()) }
    }
}
