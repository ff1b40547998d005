internal import Glibc

/// The addresses of this machine, asked of the kernel each time: they change while a server runs.
enum OwnAddress {
    /// Whether a text is an IP address, in numbers, that belongs to this machine.
    ///
    /// A socket can be bound to those alone. Loopback, which almost all requests name, is known without asking.
    static func contains(_ text: String) -> Bool {
        if text == "127.0.0.1" || text == "::1" { return true }
        // Stricter than what follows, which takes `0x7f.1` too.
        var number = in6_addr()
        guard unsafe inet_pton(AF_INET6, text, &number) == 1 || inet_pton(AF_INET, text, &number) == 1 else {
            return false
        }
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_NUMERICHOST
        unsafe hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(text, nil, &hints, &list) == 0, let address = unsafe list else { return false }
        defer { unsafe freeaddrinfo(address) }
        let type = unsafe address.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = unsafe socket(address.pointee.ai_family, type, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return unsafe bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0
    }
}
