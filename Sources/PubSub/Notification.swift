// What a notification says: a message with a kind, and whatever data goes with it.

/// The parts of a notification; each encoding puts them together in its own way.
public struct Notification: Sendable, Equatable {
    /// What kind it is, such as `alert`: any bytes.
    public let kind: [UInt8]
    /// The message: any bytes.
    public let text: [UInt8]
    /// What goes with it; nil for nothing.
    public let data: [UInt8]?
    /// Whether the data is JSON text, and not just any bytes.
    public let dataIsJSON: Bool

    /// Makes a notification; see the properties.
    public init(kind: [UInt8], text: [UInt8], data: [UInt8]? = nil, dataIsJSON: Bool = false) {
        self.kind = kind
        self.text = text
        self.data = data
        self.dataIsJSON = dataIsJSON
    }

    /// Bytes that it counts for where messages wait.
    var weight: Int { kind.count + text.count + (data?.count ?? 0) }
}
