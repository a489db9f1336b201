// The encodings a connection can speak.

/// What a connection speaks, chosen once from its first plaintext bytes.
public enum WireEncoding: UInt8, Sendable, CaseIterable {
    /// ASCII lines for a person or a shell script.
    case text
    /// One JSON object a line.
    case json
    /// The Redis protocol, version 2.
    case resp2
    /// The Redis protocol, version 3, after `HELLO 3`.
    case resp3
    /// Messages of `sallyport.proto`, each behind its length.
    case protobuf
}
