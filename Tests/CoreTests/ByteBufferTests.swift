// The byte buffer: growing, cutting, giving back, numbers.
import Core
import Testing

private func bytes(_ buffer: borrowing ByteBuffer) -> [UInt8] {
    let span = buffer.span
    var copy: [UInt8] = []
    for index in 0..<span.count { copy.append(span[index]) }
    return copy
}

struct ByteBufferTests {
    @Test("an empty buffer owns nothing")
    func empty() {
        var buffer = ByteBuffer()
        #expect(buffer.isEmpty && buffer.capacity == 0)
        #expect(buffer.span.count == 0)
        buffer.append([UInt8]().span)
        buffer.removeFirst(10)
        buffer.truncate(to: 5)
        buffer.release()
        #expect(buffer.count == 0 && buffer.capacity == 0)
    }

    @Test("appends keep their order while the block grows")
    func grows() {
        var buffer = ByteBuffer(capacity: 3)
        var expected: [UInt8] = []
        for index in 0..<1000 {
            buffer.append(UInt8(index & 255))
            expected.append(UInt8(index & 255))
            if index % 100 == 0 {
                buffer.append("literal")
                expected += Array("literal".utf8)
                buffer.append(string: "é")
                expected += Array("é".utf8)
            }
        }
        #expect(bytes(buffer) == expected)
        #expect(buffer.capacity >= buffer.count)
    }

    @Test("removing from the front moves the rest")
    func removes() {
        var buffer = ByteBuffer()
        buffer.append("0123456789")
        buffer.removeFirst(-1)
        buffer.removeFirst(3)
        #expect(bytes(buffer) == Array("3456789".utf8))
        buffer.truncate(to: 4)
        #expect(bytes(buffer) == Array("3456".utf8))
        buffer.truncate(to: 100)
        #expect(buffer.count == 4)
        buffer.truncate(to: -1)
        #expect(buffer.isEmpty == true)
        buffer.append("ab")
        buffer.removeFirst(100)
        #expect(buffer.isEmpty == true)
    }

    @Test("memory is kept or given back as asked")
    func givesBack() {
        var buffer = ByteBuffer(capacity: 1000)
        buffer.append("ab")
        buffer.removeAll(keepingUpTo: 1000)
        #expect(buffer.isEmpty && buffer.capacity == 1000)
        buffer.removeAll(keepingUpTo: 999)
        #expect(buffer.capacity == 0)
        buffer.append("ab")
        buffer.removeAll()
        #expect(buffer.isEmpty && buffer.capacity > 0)
    }

    @Test(
        "decimals",
        arguments: [
            0, 1, 9, 10, 11, 99, 100, 1_234_567_890, -1, -10, Int64.max, Int64.min, Int64.max / 10,
            1_000_000_000_000_000_000,
        ]
    )
    func decimals(_ value: Int64) {
        var buffer = ByteBuffer()
        buffer.append(decimal: value)
        #expect(bytes(buffer) == Array(String(value).utf8))
    }

    @Test("spare room: what a filler claims is held to what there is")
    func spareRoom() {
        var buffer = ByteBuffer()
        buffer.append("ab")
        buffer.withSpareRoom(10) { room in
            #expect(room.count >= 10)
            room[0] = UInt8(ascii: "c")
            return 1
        }
        #expect(bytes(buffer) == Array("abc".utf8))
        buffer.withSpareRoom(0) { _ in -5 }
        #expect(buffer.count == 3)
        buffer.replaceByte(at: 1, with: UInt8(ascii: "x"))
        #expect(bytes(buffer) == Array("axc".utf8))
    }
}

struct RequestFrameTests {
    @Test("a frame is empty again after reset, and keeps little")
    func reset() {
        var frame = RequestFrame()
        let large = [UInt8](repeating: 1, count: 100_000)
        frame.appendScratchArgument(large.span)
        frame.appendScratchArgument([UInt8]().span)
        let count = frame.ranges.count
        #expect(count == 2)
        #expect(frame.ranges.span[0] == .init(start: 0, end: 100_000))
        #expect(frame.ranges.span[1] == .init(start: 100_000, end: 100_000))
        frame.identifier.append(large.span)
        frame.usesScratch = true
        frame.reset()
        #expect(frame.ranges.isEmpty && frame.scratch.isEmpty && frame.identifier.isEmpty)
        #expect(frame.usesScratch == false)
        #expect(frame.scratch.capacity == 0 && frame.identifier.capacity == 0)
    }
}
