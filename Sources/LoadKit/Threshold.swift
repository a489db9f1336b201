// What must hold of a report's figures: `p99<20ms`, `errors==0`, `during.p99<before.p99*20`.

/// What a figure counts in.
public enum FigureUnit: Sendable, Equatable {
    /// A duration in milliseconds; thresholds may say `us`, `ms` or `s`.
    case milliseconds
    /// A duration in seconds; thresholds may say `us`, `ms` or `s`.
    case seconds
    /// A size in bytes; thresholds may say `KB`, `MB`, `GB` or `KiB`, `MiB`, `GiB`.
    case bytes
    /// How many, or how many a second, or a ratio.
    case number

    /// What stands behind a value.
    var suffix: String {
        switch self {
        case .milliseconds: " ms"
        case .seconds: " s"
        case .bytes: " bytes"
        case .number: ""
        }
    }
}

/// One figure of a report.
public struct Figure: Sendable, Equatable {
    /// Its value; nil where there was nothing to measure it on.
    public var value: Double?
    /// What it counts in.
    public var unit: FigureUnit

    /// Makes a figure.
    public init(_ value: Double?, _ unit: FigureUnit = .number) {
        self.value = value
        self.unit = unit
    }
}

/// A comparison of a figure with a number, or with another figure times a number.
///
/// Grammar: `FIGURE OP (NUMBER[UNIT] | FIGURE [* NUMBER])`, with OP one of `==`, `<=`, `>=`, `<`, `>`. A
/// duration without a unit is in milliseconds.
public struct Threshold: Sendable, Equatable, CustomStringConvertible {
    private enum Operator: String, CaseIterable {
        // Two characters before one, so that `<=` is not taken for `<`.
        case equal = "=="
        case atMost = "<="
        case atLeast = ">="
        case below = "<"
        case above = ">"

        func holds(_ left: Double, _ right: Double) -> Bool {
            switch self {
            case .equal: left == right
            case .atMost: left <= right
            case .atLeast: left >= right
            case .below: left < right
            case .above: left > right
            }
        }
    }

    private enum Bound: Equatable {
        case number(Double, suffix: String)
        case figure(String, factor: Double)
    }

    /// Durations in milliseconds.
    private static let durations = ["us": 0.001, "ms": 1, "s": 1000]
    private static let sizes: [String: Double] = [
        "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1024, "MiB": 1_048_576,
        "GiB": 1_073_741_824,
    ]

    /// The text as it was written.
    public let description: String
    /// The name of the figure that is compared.
    public let figure: String
    private let comparison: Operator
    private let bound: Bound

    /// Parses `text`; the error says which part is wrong.
    ///
    /// Whether the figures exist is another question: see `validate`.
    public init(_ text: String) throws(LoadError) {
        description = text
        let bare = String(text.filter { $0 != " " })
        guard let comparison = Operator.allCases.first(where: { bare.contains($0.rawValue) }) else {
            throw .usage("the threshold '\(text)' has none of == <= >= < >")
        }
        self.comparison = comparison
        let sides = Threshold.split(bare, at: comparison.rawValue)
        figure = sides.0
        if figure.isEmpty {
            throw .usage("the threshold '\(text)' names no figure before \(comparison.rawValue)")
        }
        bound = try Threshold.bound(sides.1, text)
    }

    private static func bound(_ side: String, _ text: String) throws(LoadError) -> Bound {
        guard let first = side.first else {
            throw .usage("the threshold '\(text)' says nothing to compare with")
        }
        if first.isNumber || first == "-" || first == "." {
            let digits = side.prefix { $0.isNumber || $0 == "." || $0 == "-" }
            let suffix = String(side.dropFirst(digits.count))
            guard let number = Double(digits) else {
                throw .usage("'\(digits)' in the threshold '\(text)' is not a number")
            }
            if !suffix.isEmpty, durations[suffix] == nil, sizes[suffix] == nil {
                throw .usage(
                    "'\(suffix)' in the threshold '\(text)' is no unit: known are us, ms, s, "
                        + "B, KB, MB, GB, KiB, MiB, GiB"
                )
            }
            return .number(number, suffix: suffix)
        }
        let product = split(side, at: "*")
        guard let factor = product.1.isEmpty ? 1 : Double(product.1) else {
            throw .usage("'\(product.1)' in the threshold '\(text)' is not a number")
        }
        return .figure(product.0, factor: factor)
    }

    /// What is before and behind the first `mark` in `text`; all is before where there is none.
    static func split(_ text: String, at mark: String) -> (String, String) {
        var rest = text[...]
        while !rest.isEmpty {
            if rest.hasPrefix(mark) {
                return (String(text[..<rest.startIndex]), String(rest.dropFirst(mark.count)))
            }
            rest.removeFirst()
        }
        return (text, "")
    }

    /// The names of the figures that it looks at.
    public var names: [String] {
        if case .figure(let other, _) = bound { return [figure, other] }
        return [figure]
    }

    /// Throws where a figure is none of `figures`, or a unit is not one of the figure.
    ///
    /// `known` tells a person which figures there are.
    public func validate(_ figures: [String: Figure], known: String) throws(LoadError) {
        for name in names where figures[name] == nil {
            throw .usage(
                "'\(name)' in the threshold '\(self)' is not measured here: figures are \(known)"
            )
        }
        guard case .number(let number, let suffix) = bound, let unit = figures[figure]?.unit else {
            return
        }
        if Threshold.scaled(number, suffix, unit) == nil {
            throw .usage("'\(suffix)' in the threshold '\(self)' is no unit of \(figure)")
        }
    }

    /// A number with a unit in the unit of a figure; nil where they do not go together.
    private static func scaled(_ number: Double, _ suffix: String, _ unit: FigureUnit) -> Double? {
        if suffix.isEmpty { return number }
        switch unit {
        case .milliseconds: return durations[suffix].map { number * $0 }
        case .seconds: return durations[suffix].map { number * $0 / 1000 }
        case .bytes: return sizes[suffix].map { number * $0 }
        case .number: return nil
        }
    }

    /// Why it does not hold of `figures`; nil if it does.
    ///
    /// A figure that was not measured holds nothing.
    public func failure(_ figures: [String: Figure]) -> String? {
        guard let left = figures[figure], let actual = left.value else {
            return "\(self): \(figure) was not measured"
        }
        var limit: Double
        switch bound {
        case .number(let number, let suffix):
            guard let scaled = Threshold.scaled(number, suffix, left.unit) else {
                return "\(self): '\(suffix)' is no unit of \(figure)"
            }
            limit = scaled
        case .figure(let name, let factor):
            guard let value = figures[name]?.value else {
                return "\(self): \(name) was not measured"
            }
            limit = value * factor
        }
        if comparison.holds(actual, limit) { return nil }
        let unit = left.unit.suffix
        return "\(self): \(Figures.fixed(actual, 3))\(unit) \(comparison.rawValue) "
            + "\(Figures.fixed(limit, 3))\(unit) does not hold"
    }
}
