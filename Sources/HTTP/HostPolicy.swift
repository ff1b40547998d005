internal import Glibc

/// Which values of the Host header are served, so that a web page cannot reach the server by pointing a name of its own
/// at this machine (DNS rebinding).
///
/// Served are `localhost`, this machine's own name and addresses, and the configured ones. The port does not matter.
package struct HostPolicy: Sendable {
    private let names: Set<String>
    private let allowsAll: Bool

    /// - Parameter additional: Further names and addresses; `*` allows every one.
    package init(additional: [String] = []) {
        let own = Self.machineName
        names = Set(["localhost", "ip6-localhost", own, own + ".local"] + additional.map { $0.lowercased() })
        allowsAll = additional.contains("*")
    }

    /// Whether a Host header of this value is served; false for a malformed one, even if all names are.
    package func allows(_ host: String) -> Bool {
        guard let name = Self.name(of: host) else { return false }
        return allowsAll || names.contains(name) || name.hasSuffix(".localhost") || OwnAddress.contains(name)
    }

    /// The lower-case name or address of `name`, `name:port` or `[address]:port`, or nil if it is none of these.
    private static func name(of host: String) -> String? {
        let name: Substring
        let port: Substring
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            name = host[..<end].dropFirst()
            port = host[end...].dropFirst()
            guard name.contains(":") else { return nil }
        } else {
            let end = host.firstIndex(of: ":") ?? host.endIndex
            name = host[..<end]
            port = host[end...]
        }
        guard port.isEmpty || (port.hasPrefix(":") && port.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }) else {
            return nil
        }
        let rooted = name.hasSuffix(".") ? name.dropLast() : name
        return rooted.isEmpty ? nil : rooted.lowercased()
    }

    private static var machineName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
    }
}
