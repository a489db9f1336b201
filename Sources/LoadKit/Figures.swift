// Numbers for a person.

/// Numbers as short texts.
enum Figures {
    /// `number` with `digits` digits behind the point.
    static func fixed(_ number: Double, _ digits: Int) -> String {
        guard number.isFinite, abs(number) < 1e15 else { return "-" }
        var scale: Int64 = 1
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int64((abs(number) * Double(scale)).rounded())
        let sign = number < 0 && scaled > 0 ? "-" : ""
        if digits == 0 { return sign + grouped(UInt64(scaled)) }
        let fraction = String(scaled % scale)
        let zeros = String(repeating: "0", count: max(0, digits - fraction.count))
        return "\(sign)\(grouped(UInt64(scaled / scale))).\(zeros)\(fraction)"
    }

    /// `number` with commas between thousands.
    static func grouped(_ number: UInt64) -> String {
        var grouped = ""
        let digits = String(number)
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { grouped.append(",") }
            grouped.append(digit)
        }
        return grouped
    }

    /// A duration in the unit that suits it, to three digits or better.
    static func duration(microseconds: Double) -> String {
        switch microseconds {
        case ..<1000: fixed(microseconds, microseconds < 100 ? 1 : 0) + " us"
        case ..<1_000_000: fixed(microseconds / 1000, microseconds < 100_000 ? 2 : 1) + " ms"
        default: fixed(microseconds / 1_000_000, 2) + " s"
        }
    }

    /// `text` with spaces before it, to `width` characters.
    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// `text` with spaces behind it, to `width` characters.
    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
