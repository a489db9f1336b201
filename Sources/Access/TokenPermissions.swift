// From the permissions in a token's entry to the set of commands it may run.
public import Core

/// A permission that cannot be understood.
public struct PermissionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, in one sentence that names the permission.
    public let description: String
}

/// What the words in a token's `permissions` mean.
///
/// They are taken in order, each adding to or taking from what those before it permit: `@all`,
/// `@<category>`, `+<COMMAND>`, `-<COMMAND>`. Letter case does not matter.
public enum TokenPermissions {
    /// What a token may do unless it is made otherwise: everything but administration.
    ///
    /// Of `@pubsub` it has no use without patterns of channels.
    public static let standard = ["@read", "@write", "@information", "@pubsub"]
    /// What the token of a development server may do: everything.
    public static let development = ["@all"]

    /// The commands that `permissions` allow.
    ///
    /// Commands of the category `open` are always in the set; no permission takes them away.
    public static func compile(
        _ permissions: [String],
        catalog: CommandCatalog
    ) throws(PermissionError) -> CommandSet {
        var commands = CommandSet()
        for permission in permissions { try apply(permission, to: &commands, catalog) }
        set(true, in: &commands, catalog) { $0.category == .open }
        return commands
    }

    private static func apply(
        _ permission: String,
        to commands: inout CommandSet,
        _ catalog: CommandCatalog
    ) throws(PermissionError) {
        let name = String(permission.dropFirst())
        switch permission.first {
        case "@" where name.lowercased() == "all":
            set(true, in: &commands, catalog) { _ in true }
        case "@":
            guard let category = CommandCategory(rawValue: name.lowercased()) else {
                throw unknownCategory(permission)
            }
            set(true, in: &commands, catalog) { $0.category == category }
        case "+", "-":
            guard let index = catalog.index(of: name) else {
                throw PermissionError(description: "no command is called \"\(name)\"")
            }
            commands.set(index, permission.first == "+")
        default:
            throw PermissionError(
                description: "\"\(permission)\" is not a permission: "
                    + "write @category, +COMMAND, -COMMAND or @all"
            )
        }
    }

    private static func set(
        _ isMember: Bool,
        in commands: inout CommandSet,
        _ catalog: CommandCatalog,
        where condition: (CommandSpec) -> Bool
    ) {
        for (index, spec) in catalog.specs.enumerated() where condition(spec) {
            commands.set(index, isMember)
        }
    }

    private static func unknownCategory(_ permission: String) -> PermissionError {
        let known = CommandCategory.allCases.map { "@\($0.rawValue)" }.joined(separator: ", ")
        return PermissionError(
            description: "there is no category \"\(permission)\": there are \(known) and @all"
        )
    }
}
