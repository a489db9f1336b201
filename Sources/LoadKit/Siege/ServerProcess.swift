// What the kernel says of a process on this machine: memory, descriptors, CPU.
#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// A process by its number, read from /proc; source: proc(5).
struct ServerProcess: Sendable {
    /// Ticks of CPU time in a second, on every Linux there is.
    private static let ticksPerSecond = 100.0

    /// What was read at once.
    struct Sample: Equatable, Sendable {
        /// Bytes of resident memory.
        var residentBytes: UInt64 = 0
        /// Open descriptors; 0 where they may not be seen.
        var descriptors = 0
        /// CPU seconds since the process began, of all its threads.
        var cpuSeconds = 0.0
    }

    let id: Int32

    /// Reads all of it; nil if there is no such process.
    func sample() -> Sample? {
        guard let status = read("status"), let stat = read("stat") else { return nil }
        let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd")
        return Sample(
            residentBytes: ServerProcess.residentBytes(status) ?? 0,
            descriptors: descriptors?.count ?? 0,
            cpuSeconds: ServerProcess.cpuSeconds(stat) ?? 0
        )
    }

    private func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: "/proc/\(id)/\(name)")
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The resident memory that `status` names, a line such as `VmRSS:  1234 kB`.
    static func residentBytes(_ status: String) -> UInt64? {
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let words = line?.split { $0 == " " || $0 == "\t" }
        return words.flatMap { $0.count > 1 ? UInt64($0[1]) : nil }.map { $0 * 1024 }
    }

    /// The CPU time in `stat`: fields 14 and 15, behind a name that may hold anything.
    static func cpuSeconds(_ stat: String) -> Double? {
        guard let name = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12])
        else { return nil }
        return (user + system) / ticksPerSecond
    }
}

/// What a process used during one phase, from samples.
struct ServerUsage: Sendable {
    private var first: ServerProcess.Sample?
    private(set) var last: ServerProcess.Sample?
    private var peak = ServerProcess.Sample()

    /// Adds a sample.
    mutating func add(_ sample: ServerProcess.Sample) {
        if first == nil { first = sample }
        last = sample
        peak.residentBytes = max(peak.residentBytes, sample.residentBytes)
        peak.descriptors = max(peak.descriptors, sample.descriptors)
    }

    /// The figures for the report; nil where there was no sample.
    var figures: SiegeReport.Server? {
        guard let first, let last else { return nil }
        return SiegeReport.Server(
            residentBytes: last.residentBytes,
            residentPeakBytes: peak.residentBytes,
            descriptors: last.descriptors,
            descriptorsPeak: peak.descriptors,
            cpuSeconds: last.cpuSeconds - first.cpuSeconds
        )
    }
}
