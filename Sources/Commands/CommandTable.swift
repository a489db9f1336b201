// THE command table: the groups' rows in one array, and the catalog made from it.
public import Core

/// All commands.
///
/// A command is added by one row in its group's file and one function.
public enum CommandTable {
    /// The rows; a command's position is its number everywhere.
    public static let commands: [Command] = groups.flatMap { $0 }

    private static let groups: [[Command]] = [
        connectionCommands,
        serverCommands,
        administrationCommands,
        limitCommands,
        reportCommands,
        transactionCommands,
        stringCommands,
        settingCommands,
        rangeCommands,
        comparingCommands,
        keyCommands,
        namespaceCommands,
        pubSubCommands,
        observeCommands,
        resumeCommands,
        notificationCommands,
    ]

    /// The specs, by name.
    public static let catalog = CommandCatalog(commands.map(\.spec))

    /// The command with its arguments, as one would type it.
    public static func usage(_ spec: CommandSpec) -> String {
        HelpText.usage(spec)
    }
}
