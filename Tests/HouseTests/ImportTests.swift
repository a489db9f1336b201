// Every import line of the sources against the import table, and the table against Package.swift.
import Testing

@Suite struct ImportTests {
    @Test func everyImportIsInTheTable() throws {
        let files = try House.sources()
        #expect(files.count > 100)
        for file in files {
            for finding in ImportTable.findings(file) { Issue.record("\(finding)") }
        }
    }

    @Test func thePackageDeclaresTheTable() throws {
        let declared = try House.manifest().rooms
        #expect(Set(declared.keys) == Set(ImportTable.rooms.keys))
        for (room, allowed) in ImportTable.rooms {
            #expect(declared[room] == allowed, "what Package.swift declares for \(room)")
        }
    }

    @Test func everyRoomHasSources() throws {
        let rooms = Set(try House.sources().map(\.room))
        #expect(rooms == Set(ImportTable.rooms.keys))
    }

    @Test func keepersOfCLibrariesAreWhoTheTableAllows() {
        for (library, keepers) in ImportTable.keepers {
            let allowed = ImportTable.rooms.filter { $0.value.contains(library) }.keys
            #expect(Set(allowed) == keepers, "\(library)")
        }
    }

    @Test func theLoadGeneratorSharesNoStorageWithTheServer() throws {
        for file in try House.sources() where ["LoadKit", "loadgen"].contains(file.room) {
            let imports = ImportTable.imports(file.text)
            #expect(!imports.contains("Keyspace") && !imports.contains("Server"), "\(file.path)")
        }
    }
}

/// The checker itself, on sources that are wrong.
@Suite struct ImportCheckerTests {
    @Test(arguments: [
        ("import Core", ["Core"]),
        ("  internal import Keyspace  ", ["Keyspace"]),
        ("@preconcurrency public import Core", ["Core"]),
        ("@testable import Wire // why", ["Wire"]),
        ("@_spi(Testing) @_exported import TLS", ["TLS"]),
        ("import struct Keyspace.SetOptions", ["Keyspace"]),
        ("private import func Glibc.memcpy", ["Glibc"]),
        ("import Core; ", ["Core"]),
        ("#if canImport(Glibc)\nimport Glibc\n#else\nimport Musl\n#endif", ["Glibc", "Musl"]),
        ("// import Keyspace", []),
        ("let important = 1\nimportKeys()", []),
    ])
    func findsImports(text: String, modules: [String]) {
        #expect(ImportTable.imports(text) == modules)
    }

    @Test(arguments: [
        ("Core/A.swift", "import Keyspace", "Core/A.swift: Core may not import Keyspace"),
        (
            "LoadKit/A.swift", "internal import Keyspace",
            "LoadKit/A.swift: LoadKit may not import Keyspace"
        ),
        (
            "Server/A.swift", "public import struct CLinux.epoll_event",
            "Server/A.swift: only [\"Reactor\"] may import CLinux"
        ),
        (
            "Access/A.swift", "import COpenSSL",
            "Access/A.swift: only [\"Crypto\", \"TLS\"] may import COpenSSL"
        ),
        ("Wire/A.swift", "import NIOCore", "Wire/A.swift: Wire may not import NIOCore"),
        ("Cellar/A.swift", "", "Cellar/A.swift: the import table has no room called Cellar"),
    ])
    func reportsWhatMayNotBe(path: String, text: String, finding: String) {
        let file = SourceFile(path: path, text: "// A file.\nimport Glibc\n" + text)
        #expect(ImportTable.findings(file) == [finding])
    }

    @Test func readsAManifest() {
        let manifest = PackageManifest(
            """
            let histogram = Target.Dependency.product(
                name: "Histogram",
                package: "hdrhistogram-swift"
            )
            let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
            func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
            targets: [
                room("Core", []),
                room(
                    "Server",
                    [
                        "Core", logging,
                    ]
                ),
                program("loadgen", ["LoadKit", histogram, secret]),
                tests("CoreTests", ["Core"]),
            """
        )
        #expect(
            manifest.rooms == [
                "Core": [],
                "Server": ["Core", "Logging"],
                "loadgen": ["LoadKit", "Histogram", "undeclared product secret"],
            ]
        )
    }
}
