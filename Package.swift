// swift-tools-version: 6.2
// The rooms of the house and who may import whom; Tests/HouseTests holds the imports against it.
import PackageDescription

/// Swift 6 language mode everywhere; a warning is an error wherever `CI` is set.
///
/// Exclusive access is checked at run time in debug builds, which all tests run in, and not in release
/// builds: there the checks were an eighth of the instructions of a request.
let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableExperimentalFeature("Lifetimes"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    ] + (Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)])

func room(
    _ name: String,
    _ dependencies: [Target.Dependency],
    exclude: [String] = [],
    embed: [String] = [],
    more: [SwiftSetting] = []
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        exclude: exclude,
        resources: embed.map { .embedInCode($0) },
        swiftSettings: settings + more
    )
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(
    _ name: String,
    _ dependencies: [Target.Dependency],
    exclude: [String] = []
) -> Target {
    .testTarget(
        name: name,
        dependencies: dependencies,
        exclude: exclude,
        swiftSettings: settings
    )
}

let arguments = Target.Dependency.product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

/// Regressions that ci/gate must find are compiled in where it says so, and nowhere else.
let planted: [SwiftSetting] =
    Context.environment["SALLYPORT_PLANTED"] == nil ? [] : [.define("SALLYPORT_PLANT")]

/// Decoders under libFuzzer, which no other build needs: see Sources/fuzzers.
let fuzzers: [Target] =
    Context.environment["SALLYPORT_FUZZERS"] == nil
    ? []
    : [
        {
            let target = program("fuzzers", ["Core", "Wire", "Commands", "Gateway"])
            target.swiftSettings?.append(.unsafeFlags(["-parse-as-library", "-sanitize=fuzzer"]))
            target.linkerSettings = [.unsafeFlags(["-sanitize=fuzzer"])]
            return target
        }()
    ]

let package = Package(
    name: "sallyport",
    products: [
        .executable(name: "sallyport", targets: ["sallyport"]),
        .executable(name: "loadgen", targets: ["loadgen"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // Its traits are for Foundation's streams and for field masks, which nothing here needs.
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        // Its HTTP/1.1 codec alone; sockets and event loops are the room Reactor.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .systemLibrary(
            name: "COpenSSL",
            pkgConfig: "libssl libcrypto",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CProcessor"),
        .systemLibrary(
            name: "CJemalloc",
            pkgConfig: "jemalloc",
            providers: [.apt(["libjemalloc-dev"])]
        ),
        .systemLibrary(
            name: "CZlib",
            pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"])]
        ),
        .target(
            name: "CSimdjson",
            linkerSettings: [.linkedLibrary("simdjson")]
        ),

        room("Core", []),
        room("Crypto", ["COpenSSL"]),
        room("TLS", ["COpenSSL"]),
        room("Reactor", ["Core", "CLinux"]),
        room("Telemetry", ["CJemalloc"]),
        room(
            "Wire",
            ["Core", "CSimdjson", protobuf],
            exclude: ["Protobuf/sallyport.proto"]
        ),
        room("Keyspace", ["Core", "CProcessor"]),
        room("PubSub", ["Core"]),
        room("Access", ["Core", "Crypto"]),
        room("Commands", ["Core", "Keyspace", "PubSub", "Access"], more: planted),
        room(
            "Gateway",
            [
                "Core", "Crypto", "Wire", "PubSub", "Commands", "CZlib", nioCore, nioEmbedded,
                nioHTTP1,
            ],
            embed: ["Page/dashboard.html", "Page/dashboard.css", "Page/dashboard.js"]
        ),
        room(
            "Server",
            [
                "Core", "Crypto", "TLS", "Reactor", "Telemetry", "Wire", "Keyspace", "PubSub",
                "Access", "Commands", "Gateway", logging,
            ]
        ),
        program(
            "sallyport",
            [
                "Server", "Core", "Crypto", "Access", "Commands", "TLS", "Reactor", "Wire",
                logging, arguments,
            ]
        ),
        room("LoadKit", ["Core", "Wire", "TLS", "Reactor", "Commands", histogram]),
        program("loadgen", ["LoadKit", arguments]),
        program(
            "budget",
            ["Server", "Commands", "Access", "Keyspace", "Telemetry", "Core", arguments]
        ),

        tests("CoreTests", ["Core"]),
        tests("CryptoTests", ["Crypto"]),
        tests("TLSTests", ["COpenSSL", "Crypto", "TLS"]),
        tests("ReactorTests", ["Core", "Reactor"]),
        tests("WireTests", ["Core", "Wire", protobuf]),
        tests("KeyspaceTests", ["Core", "Keyspace"]),
        tests("PubSubTests", ["Core", "PubSub"]),
        tests("AccessTests", ["Core", "Crypto", "Access"]),
        tests(
            "CommandsTests",
            ["Core", "Wire", "Keyspace", "PubSub", "Access", "Commands", protobuf]
        ),
        tests(
            "GatewayTests",
            ["Core", "Crypto", "Wire", "Keyspace", "PubSub", "Access", "Commands", "Gateway"]
        ),
        tests(
            "ServerTests",
            [
                "Core", "Crypto", "TLS", "Reactor", "Wire", "PubSub", "Access", "Commands",
                "Server", logging,
            ],
            exclude: [
                "dashboard_session.py", "hand_over.py", "http_session.py", "json_session.py",
                "protobuf_session.py",
                "websocket_session.py",
                "RedisClients",
            ]
        ),
        tests(
            "LoadKitTests",
            [
                "LoadKit", "Server", "Core", "Crypto", "TLS", "Reactor", "Wire", "Access",
                "Commands", logging,
            ]
        ),
        tests("BudgetTests", ["budget", "Telemetry", "Core"]),
        tests("HouseTests", []),
    ] + fuzzers
)

// With SALLYPORT_TESTS=A,B only these test targets: what ci/gate builds with a sanitizer and does not run costs
// as much to build as what it runs.
if let chosen = Context.environment["SALLYPORT_TESTS"]?.split(separator: ",").map(String.init) {
    package.targets.removeAll { $0.type == .test && !chosen.contains($0.name) }
}
