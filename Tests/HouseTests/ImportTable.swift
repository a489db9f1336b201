// THE import table: which room may import which, and what it says of a line that may not be there.

/// Who may import whom.
enum ImportTable {
    /// By room, the modules that it may import.
    ///
    /// `Package.swift` declares the same.
    static let rooms: [String: Set<String>] = [
        "Core": [],
        "Crypto": ["COpenSSL"],
        "TLS": ["COpenSSL"],
        "Reactor": ["Core", "CLinux"],
        "Telemetry": ["CJemalloc"],
        "Wire": ["Core", "CSimdjson", "SwiftProtobuf"],
        "Keyspace": ["Core", "CProcessor"],
        "PubSub": ["Core"],
        "Access": ["Core", "Crypto"],
        "Commands": ["Core", "Keyspace", "PubSub", "Access"],
        "Gateway": [
            "Core", "Crypto", "Wire", "PubSub", "Commands", "CZlib", "NIOCore", "NIOEmbedded",
            "NIOHTTP1",
        ],
        "Server": [
            "Core", "Crypto", "TLS", "Reactor", "Telemetry", "Wire", "Keyspace", "PubSub",
            "Access", "Commands", "Gateway", "Logging",
        ],
        "sallyport": [
            "Server", "Core", "Crypto", "Access", "Commands", "TLS", "Reactor", "Wire", "Logging",
            "ArgumentParser",
        ],
        // Never Keyspace: a verifier that shares the implementation shares its bugs.
        "LoadKit": ["Core", "Wire", "TLS", "Reactor", "Commands", "Histogram"],
        "loadgen": ["LoadKit", "ArgumentParser"],
        "fuzzers": ["Core", "Wire", "Commands", "Gateway"],
        "budget": [
            "Server", "Commands", "Access", "Keyspace", "Telemetry", "Core", "ArgumentParser",
        ],
    ]

    /// What comes with the compiler and may be imported anywhere.
    static let platform: Set<String> = [
        "Foundation", "FoundationEssentials", "Glibc", "Musl", "SwiftShims", "Synchronization",
    ]

    /// The only rooms that may speak to a C library; for CLinux that is: make system calls.
    static let keepers: [String: Set<String>] = [
        "COpenSSL": ["Crypto", "TLS"],
        "CLinux": ["Reactor"],
        "CProcessor": ["Keyspace"],
        "CJemalloc": ["Telemetry"],
        "CSimdjson": ["Wire"],
        "CZlib": ["Gateway"],
    ]

    /// What is wrong with the imports of `file`: one sentence each.
    static func findings(_ file: SourceFile) -> [String] {
        guard let allowed = rooms[file.room] else {
            return ["\(file.path): the import table has no room called \(file.room)"]
        }
        return imports(file.text).compactMap { module in
            if let keepers = keepers[module], !keepers.contains(file.room) {
                return "\(file.path): only \(keepers.sorted()) may import \(module)"
            }
            let isAllowed = allowed.contains(module) || platform.contains(module)
            return isAllowed ? nil : "\(file.path): \(file.room) may not import \(module)"
        }
    }

    /// The modules that `text` imports, in order, whatever stands in front of `import`.
    static func imports(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            var words = line.split { $0.isWhitespace }
            while let word = words.first, isPrefix(word) { words.removeFirst() }
            if words.first != "import" { return nil }
            words.removeFirst()
            if let word = words.first, kinds.contains(word) { words.removeFirst() }
            return words.first.map { name in String(name.prefix { $0 != "." && $0 != ";" }) }
        }
    }

    private static func isPrefix(_ word: Substring) -> Bool {
        word.hasPrefix("@") || accessLevels.contains(word)
    }

    private static let accessLevels: Set<Substring> = [
        "private", "fileprivate", "internal", "package", "public",
    ]
    private static let kinds: Set<Substring> = [
        "class", "enum", "func", "let", "protocol", "struct", "typealias", "var",
    ]
}
