// `HOST:PORT` as a person writes it.

/// A host and port as written on a command line: `localhost:9999`, `[::1]:9999`, `:9999`.
public struct Endpoint: Sendable, Equatable, CustomStringConvertible {
    /// A name or numeric address, without brackets.
    public var host: String
    /// The port.
    public var port: UInt16

    /// Makes an endpoint of its parts.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Parses `text`; nil if it has no port from 0 to 65,535.
    ///
    /// An empty host, or `*`, means every address.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        guard let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        self.host = host.isEmpty || host == "*" ? "::" : host
        self.port = port
    }

    /// The form that `init` parses.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
