// Which keys are asked for how often.

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// How often each key is asked for.
public enum KeyDistribution: Sendable, Equatable, CustomStringConvertible {
    /// Each as often as the others.
    case uniform
    /// The key numbered n as often as 1/(n+1)^theta says: a few are hot, and most are cold.
    case zipfian(theta: Double)
    /// A fraction of the keys, the first, gets a share of the requests, and the others the rest.
    case hot(fraction: Double, share: Double)

    /// The exponent where none is named: that of YCSB.
    public static let defaultTheta = 0.99
    private static let known = "uniform, zipfian, zipfian:THETA, hot, hot:FRACTION,SHARE"

    /// Parses `uniform`, `zipfian[:THETA]` or `hot[:FRACTION,SHARE]`.
    public init(_ text: String) throws(LoadError) {
        let sides = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = sides.count < 2 ? [] : sides[1].split(separator: ",").map { Double($0) }
        switch (sides.first, sides.count, numbers.count) {
        case ("uniform", 1, _): self = .uniform
        case ("zipfian", 1, _): self = .zipfian(theta: KeyDistribution.defaultTheta)
        case ("zipfian", _, 1):
            guard let theta = numbers[0], theta > 0, theta < 1 else {
                throw .usage("the theta of '\(text)' must be above 0 and below 1")
            }
            self = .zipfian(theta: theta)
        case ("hot", 1, _): self = .hot(fraction: 0.1, share: 0.9)
        case ("hot", _, 2):
            guard let fraction = numbers[0], let share = numbers[1], fraction > 0, fraction < 1,
                share >= 0, share <= 1
            else {
                throw .usage(
                    "the fraction of keys in '\(text)' must be between 0 and 1, "
                        + "and their share of requests from 0 to 1"
                )
            }
            self = .hot(fraction: fraction, share: share)
        default:
            throw .usage(
                "'\(text)' is no distribution of keys: known are \(KeyDistribution.known)"
            )
        }
    }

    /// The form that `init` parses.
    public var description: String {
        switch self {
        case .uniform: "uniform"
        case .zipfian(let theta): "zipfian:\(theta)"
        case .hot(let fraction, let share): "hot:\(fraction),\(share)"
        }
    }
}

/// Draws key numbers of one distribution.
struct KeyChooser: Sendable {
    private enum Method: Sendable {
        case uniform
        case zipfian(Zipfian)
        case hot(keys: UInt64, share: Double)
    }

    private let keyCount: UInt64
    private let method: Method

    /// Makes the chooser of `keyCount` keys.
    init(_ distribution: KeyDistribution, keyCount: UInt64) {
        self.keyCount = keyCount
        switch distribution {
        case .zipfian(let theta) where keyCount > 2:
            method = .zipfian(Zipfian(keyCount, theta))
        case .hot(let fraction, let share) where keyCount > 1:
            let keys = UInt64(max(1, (Double(keyCount) * fraction).rounded()))
            method = .hot(keys: min(keys, keyCount - 1), share: share)
        default:
            method = .uniform
        }
    }

    /// The number of the next key.
    @inline(__always)
    func next(_ random: inout RandomSource) -> UInt64 {
        switch method {
        case .uniform:
            return random.next(below: keyCount)
        case .zipfian(let zipfian):
            return zipfian.next(random.nextUnit())
        case .hot(let keys, let share):
            if random.nextUnit() <= share { return random.next(below: keys) }
            return keys + random.next(below: keyCount - keys)
        }
    }
}

/// A Zipf distribution in constant time a number.
///
/// Source: Gray et al., "Quickly generating billion-record synthetic databases", 1994; as in YCSB.
private struct Zipfian: Sendable {
    /// Terms of the sum that are added one by one; the rest is its integral.
    private static let exactTerms: UInt64 = 100_000

    private let count: UInt64
    private let alpha: Double
    private let zeta: Double
    private let eta: Double
    private let second: Double

    init(_ count: UInt64, _ theta: Double) {
        self.count = count
        alpha = 1 / (1 - theta)
        zeta = Zipfian.zeta(count, theta)
        second = 1 + pow(0.5, theta)
        eta = (1 - pow(2 / Double(count), 1 - theta)) / (1 - second / zeta)
    }

    /// The sum of 1/n^theta for n from 1 to `count`; behind the exact terms by Euler and Maclaurin.
    private static func zeta(_ count: UInt64, _ theta: Double) -> Double {
        var sum = 0.0
        let exact = min(count, exactTerms)
        for term in 1...exact { sum += pow(Double(term), -theta) }
        if count == exact { return sum }
        let (first, last) = (Double(exact), Double(count))
        let integral = (pow(last, 1 - theta) - pow(first, 1 - theta)) / (1 - theta)
        return sum + integral + (pow(last, -theta) - pow(first, -theta)) / 2
    }

    @inline(__always)
    func next(_ unit: Double) -> UInt64 {
        let scaled = unit * zeta
        if scaled < 1 { return 0 }
        if scaled < second { return 1 }
        let number = Double(count) * pow(eta * unit - eta + 1, alpha)
        return min(UInt64(max(0, number)), count - 1)
    }
}
