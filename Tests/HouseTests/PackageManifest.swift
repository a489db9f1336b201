// What Package.swift says of each target: the rooms and products that it depends on.

/// The targets of a manifest, read from its text.
struct PackageManifest {
    /// By target, the modules that it may import: rooms, system libraries and products.
    var rooms: [String: Set<String>] = [:]

    /// Reads `room("X", [...])` and `program("X", [...])`, and the products that they name by a constant.
    init(_ text: String) {
        var products: [Substring: String] = [:]
        let product =
            #/let (?<constant>\w+) = Target\.Dependency\.product\(\s*name: "(?<name>\w+)"/#
        for match in text.matches(of: product) {
            products[match.output.constant] = String(match.output.name)
        }
        let target = #/\b(?:room|program)\(\s*"(?<name>\w+)",\s*\[(?<items>[^\]]*)\]/#
        for match in text.matches(of: target) {
            let items = match.output.items.split(separator: ",").map { item in
                item.trimmed
            }
            let modules = items.filter { !$0.isEmpty }.map { item in
                item.hasPrefix("\"")
                    ? String(item.dropFirst().dropLast())
                    : products[item] ?? "undeclared product \(item)"
            }
            rooms[String(match.output.name), default: []].formUnion(modules)
        }
    }
}

extension Substring {
    /// Without white space at either end.
    var trimmed: Substring {
        var rest = self
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
