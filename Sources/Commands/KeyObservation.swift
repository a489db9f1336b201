// What joins the keyspace and its observers: the keyspace tells changes, the exchange brings them to loops.
internal import Core
internal import Keyspace
internal import PubSub

extension Exchange {
    /// Has `keyspace` tell its changes while somebody observes keys, and not otherwise.
    func watch(_ keyspace: Keyspace, _ limits: Limits) {
        attach(maxWaitingBytes: limits.maxUndeliveredBytes) { [unowned self] isOn in
            keyspace.setHook(isOn ? hook : nil)
        }
    }

    /// It does not keep the exchange, which ends all observing before it goes.
    private var hook: KeyspaceHook {
        KeyspaceHook { [unowned self] key in
            interest(in: key)
        } changed: { [unowned self] change in
            change.withKey { key in
                tell(change.kind, key) { hasValues in
                    ObservedChange(
                        change.kind,
                        version: change.version,
                        expiresAt: change.expiresAt,
                        old: hasValues ? change.copyOld() : nil,
                        new: hasValues ? change.copyNew() : nil
                    )
                }
            }
        }
    }
}
