/// What the program calls itself.
enum Version {
    static let name = "inference-server"
    static let number = "0.1.0"
}
