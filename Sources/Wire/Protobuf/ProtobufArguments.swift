// Writing a protobuf request as arguments, in the order that RESP has them.
import Core

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

extension RequestFrame {
    /// Writes the command of `request` to the scratch; the error if there is none to run.
    mutating func fill(from request: SallyportRequest) -> ServerError? {
        usesScratch = true
        guard let command = request.command else {
            return ServerError(.invalidRequest, "the request holds no command that is known here")
        }
        if case .set(let set) = command, case .UNRECOGNIZED = set.condition {
            return ServerError(.invalidRequest, "field 'condition' holds a value that is not known")
        }
        add(command)
        return nil
    }

    private mutating func add(_ command: SallyportRequest.OneOf_Command) {
        switch command {
        case .auth(let auth):
            add("AUTH")
            if auth.hasName { add(string: auth.name) }
            add(string: auth.token)
        case .ping(let ping):
            add("PING")
            if ping.hasMessage { add(ping.message) }
        case .echo(let echo): add("ECHO", [echo.content])
        case .add(let add): self.add("ADD", integers: [add.a, add.b])
        case .who: add("WHO")
        case .where: add("WHERE")
        case .why: add("WHY")
        case .get(let get): add("GET", [get.key])
        case .set(let set): add(set)
        case .delete(let delete): add("DEL", delete.keys)
        case .expire(let expire):
            add("EXPIRE", [expire.key])
            add(integer: expire.seconds)
        case .ttl(let ttl): add("TTL", [ttl.key])
        case .subscribe(let subscribe): add("SUBSCRIBE", subscribe.channels)
        case .unsubscribe(let unsubscribe): add("UNSUBSCRIBE", unsubscribe.channels)
        case .publish(let publish): add("PUBLISH", [publish.channel, publish.message])
        case .generic(let generic):
            add(string: generic.name)
            for argument in generic.arguments { add(argument) }
        }
    }

    private mutating func add(_ set: SallyportSetRequest) {
        add("SET", [set.key, set.value])
        switch set.condition {
        case .ifMissing: add("NX")
        case .ifExists: add("XX")
        case .none, .UNRECOGNIZED: break
        }
        switch set.expected {
        case .ifEqual(let value): add("IFEQ", [value])
        case .ifVersion(let version): add("IFVERSION", integers: [version])
        case nil: break
        }
        if set.returnPrevious { add("GET") }
        if set.returnVersion { add("GETV") }
        switch set.expiry {
        case .expireSeconds(let seconds): add("EX", integers: [seconds])
        case .expireMilliseconds(let milliseconds): add("PX", integers: [milliseconds])
        case .expireAtSeconds(let seconds): add("EXAT", integers: [seconds])
        case .expireAtMilliseconds(let milliseconds): add("PXAT", integers: [milliseconds])
        case .keepTtl(let keeps): if keeps { add("KEEPTTL") }
        case nil: break
        }
    }

    /// Appends a word and the arguments behind it.
    private mutating func add(_ word: StaticString, _ arguments: [Data]) {
        add(word)
        for argument in arguments { add(argument) }
    }

    /// Appends a word and the integers behind it.
    private mutating func add(_ word: StaticString, integers: [Int64]) {
        add(word)
        for integer in integers { add(integer: integer) }
    }

    private mutating func add(_ word: StaticString) {
        let start = scratch.count
        scratch.append(word)
        endArgument(from: start)
    }

    private mutating func add(string: String) {
        let start = scratch.count
        scratch.append(string: string)
        endArgument(from: start)
    }

    private mutating func add(integer: Int64) {
        let start = scratch.count
        scratch.append(decimal: integer)
        endArgument(from: start)
    }

    private mutating func add(_ data: Data) {
        let start = scratch.count
        scratch.append(data.span)
        endArgument(from: start)
    }

    /// Makes what was written since the scratch had `start` bytes the next argument.
    private mutating func endArgument(from start: Int) {
        ranges.append(ArgumentRange(start: start, end: scratch.count))
    }
}
