// Four threads with a Mutex that they wait for; with an argument they also count without it. ThreadSanitizer must
// report nothing of the one and a race of the other: then its verdict on the server means something.
import Glibc
import Synchronization

final class Shared: @unchecked Sendable {
    let list = Mutex<[Int]>([])
    var count = 0
    let counts = CommandLine.arguments.count > 1
}

let shared = Shared()
let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { _ in
    for number in 0..<2_000 {
        shared.list.withLock { list in
            if list.count > 100 { list.removeAll() }
            list.append(number)
            // Long enough that the others wait in the kernel.
            if number % 100 == 0 { usleep(300) }
        }
        if shared.counts { shared.count &+= 1 }
    }
    return nil
}
var threads = [pthread_t](repeating: 0, count: 4)
for index in threads.indices { pthread_create(&threads[index], nil, body, nil) }
for thread in threads { pthread_join(thread, nil) }
