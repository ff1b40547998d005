internal import CMicroHTTPD
internal import Glibc

/// Addresses of sockets as text and numbers.
enum SocketAddress {
    /// The address that a socket is connected to, in numbers; empty if it is connected no more.
    static func peer(of socket: Int32) -> String {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withSocketAddress(&storage) { address in
            guard unsafe getpeername(socket, address, &length) == 0 else { return "" }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard
                unsafe getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
            else { return "" }
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// The port that a socket is bound to.
    static func port(of socket: Int32) -> UInt16? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withSocketAddress(&storage) { address in
            guard unsafe getsockname(socket, address, &length) == 0 else { return nil }
            var port = [CChar](repeating: 0, count: 8)
            guard
                unsafe getnameinfo(address, length, nil, 0, &port, socklen_t(port.count), NI_NUMERICSERV) == 0
            else { return nil }
            return UInt16(String(decoding: port.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
    }

    /// Lends room for an address of any family.
    static func withSocketAddress<T>(
        _ storage: inout sockaddr_storage,
        _ body: (UnsafeMutablePointer<sockaddr>) -> T
    ) -> T {
        unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0) }
        }
    }
}
