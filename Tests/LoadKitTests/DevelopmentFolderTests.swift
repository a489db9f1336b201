// Finding what a development server leaves, and the lines shown while a run goes on.
import Foundation
import Testing

@testable import LoadKit

@Suite struct DevelopmentFolderTests {
    /// Makes a temporary folder for the length of `body`.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "load-\(UUID().uuidString)"
        let files = FileManager.default
        try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? files.removeItem(atPath: path) }
        try body(path)
    }

    private func token(_ file: String) -> String? {
        try? DevelopmentFolder.token(inFile: file)
    }

    @Test func theNearestParentIsFound() throws {
        try withFolder { path in
            let inner = path + "/a/b"
            let folder = path + "/.sallyport"
            for directory in [inner, folder] {
                try FileManager.default.createDirectory(
                    atPath: directory,
                    withIntermediateDirectories: true
                )
            }
            #expect(DevelopmentFolder.find(from: inner)?.path != folder)
            #expect(FileManager.default.createFile(atPath: folder + "/ca.pem", contents: Data()))
            #expect(DevelopmentFolder.find(from: inner)?.path == folder)
            #expect(DevelopmentFolder.find(from: path)?.path == folder)
        }
    }

    @Test func tokensAreReadWithoutTheirLineEnd() throws {
        try withFolder { path in
            let file = path + "/token"
            let files = FileManager.default
            #expect(token(file) == nil)
            #expect(files.createFile(atPath: file, contents: Data("\n".utf8)))
            #expect(token(file) == nil)
            #expect(files.createFile(atPath: file, contents: Data("sp_a_b\r\nrest\n".utf8)))
            #expect(token(file) == "sp_a_b")
        }
    }

    @Test func progressIsOneLine() {
        var progress = LoadProgress()
        progress.clients = 1000
        progress.connected = 512
        #expect(progress.text == "   0 s  connecting: 512/1000 clients, no errors")
        progress.phase = .running
        progress.seconds = 3.2
        progress.requestsPerSecond = 26_543
        progress.p50 = 812
        progress.p99 = 4300
        progress.errors = 1200
        #expect(
            progress.text
                == "   3 s     26,543 requests/s  p50 812 us  p99 4.30 ms  512/1000 clients  1,200 errors"
        )
    }
}
