// Messages that say what they are by their `type`, which WebSockets have beside requests.
internal import CSimdjson
internal import Core

extension LineJSONParser {
    /// The `type` of the JSON object `text`, if it has one that is a string, and no `action`.
    public func type(in text: Span<UInt8>) -> String? {
        defer { shrink() }
        guard let root = try? parse(text), csj_kind_of(root) == CSJ_OBJECT else { return nil }
        var walk = csj_fields(root)
        var key = csj_text()
        var value = csj_value()
        var type: String?
        while csj_next_field(&walk, &key, &value) {
            let name = span(key)
            if name.equals("action") { return nil }
            if name.equals("type"), type == nil {
                if csj_kind_of(value) != CSJ_STRING { return nil }
                // SAFETY: the pointer is used only during the call, which copies the bytes.
                type = string(value).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            }
        }
        return type
    }
}
