// Which keys a command may tell of: a check beside that of the command's own row.
internal import Access
internal import Core

/// Refuses a key that the token may write and not read, where the answer tells what the key holds.
///
/// Source: Redis 7.0, ACL: SET with GET and the INCR family need both permissions.
func requireReadable(
    _ key: Span<UInt8>,
    _ context: CommandContext
) throws(ServerError) {
    guard let token = context.session.token else { throw ServerError(.unauthenticated) }
    if !token.readsEverything, !token.mayRead(key) {
        throw ServerError(.forbidden, "No permissions to access a key")
    }
}
