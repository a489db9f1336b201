// A thread for a loop.
internal import CLinux
internal import Glibc

/// A joinable thread.
public final class LoopThread: Sendable {
    private let thread: pthread_t

    private final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread called `name` (cut to 15 bytes) that runs `body`.
    public init(
        _ name: String,
        _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(body))
        let result = pthread_create(&thread, nil, runThread, start.toOpaque())
        if result != 0 {
            start.release()
            throw SystemError("pthread_create", name, number: result)
        }
        pthread_setname_np(thread, String(name.prefix(15)))
        self.thread = thread
    }

    /// Waits until the thread has ended.
    ///
    /// To be called once.
    public func join() {
        _ = pthread_join(thread, nil)
    }

    static func run(_ opaque: UnsafeMutableRawPointer) {
        // SAFETY: balances `passRetained` in `init`; the thread owns its start block.
        Unmanaged<Start>.fromOpaque(opaque).takeRetainedValue().body()
    }
}

private func runThread(_ opaque: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let opaque { LoopThread.run(opaque) }
    return nil
}
