// What the allocator says of itself.
internal import CJemalloc

/// jemalloc's own figures.
public struct AllocatorStatistics: Sendable {
    /// Bytes in blocks that the program holds.
    public var allocatedBytes: Int
    /// Bytes of physical memory behind them, as far as the allocator knows.
    public var residentBytes: Int

    /// Reads the figures; zeros where another allocator, such as a sanitizer's, has taken its place.
    public static func read() -> AllocatorStatistics {
        // jemalloc gathers its figures by epochs, advanced by writing to `epoch` (jemalloc(3)).
        var epoch: UInt64 = 1
        _ = mallctl("epoch", nil, nil, &epoch, MemoryLayout<UInt64>.size)
        return AllocatorStatistics(
            allocatedBytes: value("stats.allocated"),
            residentBytes: value("stats.resident")
        )
    }

    private static func value(_ name: String) -> Int {
        var value = 0
        var size = MemoryLayout<Int>.size
        return mallctl(name, &value, &size, nil, 0) == 0 ? value : 0
    }
}
