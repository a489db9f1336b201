// Plots as SVG: axes, grid and lines, made of text alone.

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// A line plot; its colours and fonts come from the page's style sheet.
struct SVGPlot: Sendable {
    /// How an axis is divided.
    enum Scale: Sendable {
        case linear
        /// By powers of ten.
        case logarithmic
    }

    /// One line.
    struct Line: Sendable {
        /// What the legend says.
        var name: String
        /// The points in the order of x.
        var points: [(x: Double, y: Double)]
    }

    /// A mark on an axis.
    struct Tick: Equatable, Sendable {
        /// Where.
        var value: Double
        /// What it says.
        var label: String
    }

    private static let width = 720.0
    private static let height = 280.0
    private static let left = 72.0
    private static let right = 26.0
    private static let top = 14.0
    private static let bottom = 40.0

    /// What a screen reader says.
    var title: String
    /// What x counts.
    var xTitle: String
    var lines: [Line]
    var yScale = Scale.linear
    /// The marks on the x axis; nil to choose them.
    var xTicks: [Tick]?
    /// How a value of y is written.
    var yLabel: @Sendable (Double) -> String

    /// The plot as an `svg` element.
    var svg: String {
        let points = lines.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
        guard let last = points.map(\.x).max(), let most = points.map(\.y).max() else {
            return "<p class=\"none\">Nothing was measured.</p>"
        }
        let first = points.map(\.x).min() ?? 0
        let xs = (first, last > first ? last : first + 1)
        let ys = yRange(points.map(\.y).filter { $0 > 0 }.min() ?? 1, most)
        var parts = [
            "<svg viewBox=\"0 0 \(SVGPlot.number(SVGPlot.width)) \(SVGPlot.number(SVGPlot.height))\" "
                + "role=\"img\" aria-label=\"\(HTMLText.escaped(title))\">"
        ]
        for tick in yTicks(ys) { parts.append(yMark(tick, ys)) }
        for tick in xTicks ?? SVGPlot.roundTicks(xs.0, xs.1) where tick.value <= xs.1 {
            parts.append(xMark(tick, xs))
        }
        for (index, line) in lines.enumerated() where !line.points.isEmpty {
            let path = line.points.map { point in
                "\(SVGPlot.number(x(point.x, xs))),\(SVGPlot.number(y(point.y, ys)))"
            }
            parts.append(
                "<polyline class=\"line l\(index)\" points=\"\(path.joined(separator: " "))\"/>"
            )
        }
        parts.append(
            "<text class=\"axis\" x=\"\(SVGPlot.number(SVGPlot.width - SVGPlot.right))\" "
                + "y=\"\(SVGPlot.number(SVGPlot.height - 4))\" text-anchor=\"end\">"
                + "\(HTMLText.escaped(xTitle))</text></svg>"
        )
        return parts.joined(separator: "\n") + legend
    }

    private var legend: String {
        if lines.count < 2 { return "" }
        let items = lines.enumerated().map { index, line in
            "<span class=\"key l\(index)\">\(HTMLText.escaped(line.name))</span>"
        }
        return "\n<p class=\"legend\">\(items.joined(separator: " "))</p>"
    }

    private func yRange(_ least: Double, _ most: Double) -> (Double, Double) {
        if yScale == .linear { return (0, most > 0 ? most * 1.05 : 1) }
        let low = pow(10, log10(max(least, 1e-9)).rounded(.down))
        return (low, max(low * 10, most * 1.1))
    }

    private func x(_ value: Double, _ range: (Double, Double)) -> Double {
        let share = (value - range.0) / (range.1 - range.0)
        return SVGPlot.left + share * (SVGPlot.width - SVGPlot.left - SVGPlot.right)
    }

    private func y(_ value: Double, _ range: (Double, Double)) -> Double {
        var share = (value - range.0) / (range.1 - range.0)
        if yScale == .logarithmic {
            let (low, high) = (log10(range.0), log10(range.1))
            share = (log10(max(value, range.0)) - low) / (high - low)
        }
        let room = SVGPlot.height - SVGPlot.top - SVGPlot.bottom
        return SVGPlot.height - SVGPlot.bottom - min(1, max(0, share)) * room
    }

    private func yTicks(_ range: (Double, Double)) -> [Tick] {
        if yScale == .linear {
            return SVGPlot.roundTicks(range.0, range.1).map {
                Tick(value: $0.value, label: yLabel($0.value))
            }
        }
        var ticks: [Tick] = []
        var value = range.0
        while value <= range.1, ticks.count < 16 {
            ticks.append(Tick(value: value, label: yLabel(value)))
            value *= 10
        }
        return ticks
    }

    private func yMark(_ tick: Tick, _ range: (Double, Double)) -> String {
        let at = SVGPlot.number(y(tick.value, range))
        let (start, end) = (
            SVGPlot.number(SVGPlot.left), SVGPlot.number(SVGPlot.width - SVGPlot.right)
        )
        return "<line class=\"grid\" x1=\"\(start)\" y1=\"\(at)\" x2=\"\(end)\" y2=\"\(at)\"/>"
            + "<text class=\"axis\" x=\"\(SVGPlot.number(SVGPlot.left - 8))\" y=\"\(at)\" "
            + "dy=\"4\" text-anchor=\"end\">\(HTMLText.escaped(tick.label))</text>"
    }

    private func xMark(_ tick: Tick, _ range: (Double, Double)) -> String {
        let at = SVGPlot.number(x(tick.value, range))
        let (upper, lower) = (
            SVGPlot.number(SVGPlot.top), SVGPlot.number(SVGPlot.height - SVGPlot.bottom)
        )
        let below = SVGPlot.number(SVGPlot.height - SVGPlot.bottom + 16)
        return "<line class=\"grid\" x1=\"\(at)\" y1=\"\(upper)\" x2=\"\(at)\" y2=\"\(lower)\"/>"
            + "<text class=\"axis\" x=\"\(at)\" y=\"\(below)\" text-anchor=\"middle\">"
            + "\(HTMLText.escaped(tick.label))</text>"
    }

    /// About five marks at round numbers.
    static func roundTicks(_ first: Double, _ last: Double) -> [Tick] {
        let span = last - first
        guard span > 0, span.isFinite else { return [] }
        let power = pow(10, log10(span / 5).rounded(.down))
        let step = [1, 2, 5, 10].map { $0 * power }.first { span / $0 <= 6 } ?? power * 10
        var ticks: [Tick] = []
        var value = (first / step).rounded(.up) * step
        while value <= last, ticks.count < 12 {
            ticks.append(Tick(value: value, label: number(value)))
            value += step
        }
        return ticks
    }

    /// `value` without digits that nobody sees.
    static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "0" }
        let hundredths = Int64((value * 100).rounded())
        let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
        let sign = hundredths < 0 ? "-" : ""
        if rest == 0 { return "\(sign)\(whole)" }
        let digits = rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)"
        return "\(sign)\(whole).\(digits)"
    }
}
