// Counting what a stretch of code allocates, exactly.
internal import CJemalloc

/// What was allocated.
public struct AllocationCount: Equatable, Sendable {
    /// Blocks asked for, whatever became of them; a block resized in place is none.
    public var calls: UInt64
    /// Bytes asked for, rounded up to what the allocator gives; a block resized counts as a whole.
    public var bytes: UInt64

    /// Makes a count.
    public init(calls: UInt64 = 0, bytes: UInt64 = 0) {
        self.calls = calls
        self.bytes = bytes
    }

    /// Both added up.
    public static func + (left: AllocationCount, right: AllocationCount) -> AllocationCount {
        AllocationCount(calls: left.calls &+ right.calls, bytes: left.bytes &+ right.bytes)
    }
}

/// Counts what is allocated between its making and `finish`.
///
/// Bytes are those of the calling thread. Calls are those of all threads, so nothing else may run; they
/// are exact because the thread's cache, which counts on its own, is flushed at both ends. No C library
/// call and no Swift runtime call escapes it, as long as the allocator is jemalloc.
public struct AllocationCounter: Sendable {
    private let calls: UInt64
    private let bytes: UInt64

    /// Begins to count; nil where the allocator is another one than jemalloc, or keeps no statistics.
    public init?() {
        guard let calls = Self.callsSoFar(), let bytes = Self.value("thread.allocated") else {
            return nil
        }
        self.calls = calls
        self.bytes = bytes
    }

    /// What has been allocated since.
    public func finish() -> AllocationCount? {
        // In the reverse order of `init`, so that what reading the calls may allocate is not in the bytes.
        guard let bytes = Self.value("thread.allocated"), let calls = Self.callsSoFar() else {
            return nil
        }
        return AllocationCount(calls: calls &- self.calls, bytes: bytes &- self.bytes)
    }

    private static func callsSoFar() -> UInt64? {
        // Fails where there is no cache, and then there is nothing to flush.
        _ = mallctl("thread.tcache.flush", nil, nil, nil, 0)
        var epoch: UInt64 = 1
        // 4096 is MALLCTL_ARENAS_ALL, a macro that Swift does not see (jemalloc(3)).
        guard mallctl("epoch", nil, nil, &epoch, MemoryLayout<UInt64>.size) == 0,
            let small = value("stats.arenas.4096.small.nrequests"),
            let large = value("stats.arenas.4096.large.nrequests")
        else { return nil }
        return small &+ large
    }

    private static func value(_ name: StaticString) -> UInt64? {
        guard name.hasPointerRepresentation else { return nil }
        var value: UInt64 = 0
        var size = MemoryLayout<UInt64>.size
        // SAFETY: a static string is stored with a zero byte behind it, for the life of the process.
        let text = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        return mallctl(text, &value, &size, nil, 0) == 0 ? value : nil
    }
}
