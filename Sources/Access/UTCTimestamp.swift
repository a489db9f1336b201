// Dates in the token file: ISO 8601 in UTC, to the second.
internal import FoundationEssentials

/// The text form of a time, `2031-01-31T23:59:59Z`: ISO 8601 in UTC, whole seconds, years 1970 to 9999.
public enum UTCTimestamp {
    /// The text of a time in milliseconds since 1970 UTC, with what is below a second cut off; nil
    /// outside the years 1970 to 9999.
    public static func text(unixMilliseconds: Int64) -> String? {
        // The last one is in the second 9999-12-31T23:59:59Z.
        guard (0...253_402_300_799_999).contains(unixMilliseconds) else {
            return nil
        }
        let seconds = (Double(unixMilliseconds) / 1000).rounded(.down)
        return Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }

    /// Milliseconds since 1970 UTC; nil unless `text` has exactly the form above and is a real date.
    public static func unixMilliseconds(_ text: String) -> Int64? {
        guard let date = try? Date(text, strategy: .iso8601) else { return nil }
        let seconds = date.timeIntervalSince1970
        guard let whole = Int64(exactly: seconds), abs(whole) < 1 << 40 else { return nil }
        // 30 February, or another zone, would come back as something else.
        return UTCTimestamp.text(unixMilliseconds: whole * 1000) == text ? whole * 1000 : nil
    }
}
