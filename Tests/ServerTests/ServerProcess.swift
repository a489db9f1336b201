// The built `sallyport` program as a process, and other programs that talk to it.
import Foundation
import Glibc
import Server

/// What a program printed and how it ended.
struct ProgramResult {
    var output: String
    var errors: String
    var status: Int32
}

/// Programs beside the test bundle, and on the PATH.
enum Program {
    /// The folder that the package's products are built to: where the test bundle lies.
    static var products: String {
        get throws {
            let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return (path as NSString).deletingLastPathComponent
        }
    }

    /// Runs a program of the PATH with `input` on its standard input, and waits for it.
    static func run(
        _ arguments: [String],
        input: String = "",
        environment: [String: String] = [:]
    ) throws -> ProgramResult {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "120"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let files = try ["in", "out", "err"].map { _ in try temporaryFile() }
        defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
        try input.write(toFile: files[0], atomically: false, encoding: .utf8)
        process.standardInput = FileHandle(forReadingAtPath: files[0])
        process.standardOutput = FileHandle(forWritingAtPath: files[1])
        process.standardError = FileHandle(forWritingAtPath: files[2])
        try process.run()
        process.waitUntilExit()
        return ProgramResult(
            output: try String(contentsOfFile: files[1], encoding: .utf8),
            errors: try String(contentsOfFile: files[2], encoding: .utf8),
            status: process.terminationStatus
        )
    }

    /// The folder of this file.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    /// Runs the Python program of that name in this folder as a client of `server`.
    static func python(
        _ name: String,
        _ server: ServerProcess,
        _ environment: [String: String] = [:]
    ) throws -> ProgramResult {
        let python = ProcessInfo.processInfo.environment["SALLYPORT_TEST_PYTHON"] ?? "python3"
        return try session([python, "-B"], name, server, environment)
    }

    /// Runs the program of that name in this folder, by `interpreter`, as a client of `server`.
    static func session(
        _ interpreter: [String],
        _ name: String,
        _ server: ServerProcess,
        _ environment: [String: String] = [:]
    ) throws -> ProgramResult {
        let reach = [
            "SALLYPORT_PORT": server.port, "SALLYPORT_CA": server.authority,
            "SALLYPORT_TOKEN": server.token,
        ]
        return try run(
            interpreter + [folder.appendingPathComponent(name).path],
            environment: reach.merging(environment) { $1 }
        )
    }

    private static func temporaryFile() throws -> String {
        let path = NSTemporaryDirectory() + "sallyport-test-" + UUID().uuidString
        if !FileManager.default.createFile(atPath: path, contents: nil) {
            throw StartError("cannot make the temporary file \(path)")
        }
        return path
    }
}

/// A `sallyport serve --dev` of a test's own, on a port that the kernel chose; killed with the object.
final class ServerProcess {
    let folder: String
    let port: String
    let token: String
    private let process = Process()
    private let output = Pipe()

    /// Starts it; `maxDescriptors` is what its `ulimit -n` is set to.
    init(_ arguments: [String] = [], maxDescriptors: Int? = nil) throws {
        folder = NSTemporaryDirectory() + "sallyport-test-" + UUID().uuidString
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        let limit = maxDescriptors.map { "ulimit -n \($0) && " } ?? ""
        process.arguments =
            [
                "-c", limit + #"exec "$@""#, "sh", try Program.products + "/sallyport", "serve",
                "--dev", "--dev-folder", folder, "--listen", "127.0.0.1:0",
                // A machine that is busy with other tests is no reason to refuse commands.
                "--limit", "overloadLatenessMilliseconds=0",
            ] + arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // The greeting is printed once the port is open.
        var text = ""
        while !text.contains("Ctrl-C") {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { throw StartError("the server ended at its start: \(text)") }
            text += String(decoding: data, as: UTF8.self)
        }
        let digits = text.components(separatedBy: "localhost:").dropFirst().first ?? ""
        port = String(digits.prefix { $0.isNumber })
        token = try String(contentsOfFile: folder + "/token", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    var authority: String { folder + "/ca.pem" }

    var processIdentifier: Int32 { process.processIdentifier }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for its end and tells its exit status; negative if a signal ended it.
    func exitStatus() -> Int32 {
        process.waitUntilExit()
        let isSignal = process.terminationReason == .uncaughtSignal
        return isSignal ? -process.terminationStatus : process.terminationStatus
    }

    /// How many descriptors it has open.
    func descriptorCount() throws -> Int {
        let path = "/proc/\(process.processIdentifier)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: path).count
    }

    /// How much physical memory it takes, in KiB.
    func residentKiB() throws -> Int {
        let path = "/proc/\(process.processIdentifier)/status"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return Int(line.filter(\.isNumber)) ?? 0
    }

    /// The processor time that all its threads have used, in milliseconds.
    func cpuMilliseconds() throws -> Int {
        let path = "/proc/\(process.processIdentifier)/stat"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        // Behind the name in parentheses: user and system time are the 12th and 13th field (proc(5)).
        let fields = (text.components(separatedBy: ") ").last ?? "").split(separator: " ")
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
            throw StartError("cannot read \(path)")
        }
        return (user + system) * 1000 / sysconf(Int32(_SC_CLK_TCK))
    }
}
