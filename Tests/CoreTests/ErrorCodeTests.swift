// The error table: what was released never changes.
import Core
import Testing

struct ErrorCodeTests {
    // Numbers and JSON codes as released: a line here is never edited; new ones go to the end.
    static let released: [(ErrorCode, UInt16, String)] = [
        (.unknownCommand, 1, "unknown_command"), (.wrongArity, 2, "invalid_request"),
        (.syntax, 3, "invalid_request"), (.notAnInteger, 4, "not_an_integer"),
        (.overflow, 5, "overflow"), (.invalidExpiry, 6, "invalid_expiry"),
        (.invalidRequest, 7, "invalid_request"), (.malformedJSON, 8, "malformed_json"),
        (.invalidText, 9, "invalid_text"), (.protocolError, 10, "protocol_error"),
        (.tooLong, 11, "too_long"), (.keyTooLong, 12, "key_length"),
        (.valueTooLarge, 13, "value_too_large"), (.notANumber, 14, "not_a_number"),
        (.unauthenticated, 20, "unauthenticated"),
        (.wrongCredential, 21, "wrong_credential"), (.forbidden, 22, "forbidden"),
        (.unsupportedVersion, 23, "unsupported_version"), (.sessionEnded, 24, "session_ended"),
        (.transactionAborted, 25, "transaction_aborted"),
        (.keyNotFound, 30, "key_not_found"), (.namespaceInvalid, 31, "invalid_namespace"),
        (.outOfMemory, 40, "out_of_memory"), (.busy, 41, "busy"),
        (.tooManyFailures, 42, "too_many_failures"),
        (.authenticationTimeout, 43, "authentication_timeout"), (.idleTimeout, 44, "idle_timeout"),
        (.shuttingDown, 45, "shutting_down"), (.requestTimeout, 46, "request_timeout"),
        (.notServed, 50, "not_served"),
        (.internalError, 99, "internal"), (.namespaceFull, 47, "namespace_full"),
        (.rateLimited, 48, "rate_limited"), (.slowConsumer, 49, "slow_consumer"),
        (.overloaded, 51, "overloaded"),
        (.routeNotFound, 60, "not_found"), (.methodNotAllowed, 61, "method_not_allowed"),
        (.preconditionFailed, 62, "precondition_failed"),
        (.targetTooLong, 63, "target_too_long"),
        (.unsupportedMediaType, 64, "unsupported_media_type"),
        (.headTooLarge, 65, "head_too_large"), (.expectationFailed, 66, "expectation_failed"),
        (.upgradeRequired, 67, "upgrade_required"),
    ]

    @Test("numbers and JSON codes are frozen")
    func frozen() {
        for (code, number, jsonCode) in Self.released {
            #expect(code.rawValue == number)
            #expect(code.row.jsonCode == jsonCode)
        }
        #expect(Self.released.count == ErrorCode.allCases.count, "a new error needs a line above")
    }

    @Test("every row can be rendered in every encoding", arguments: ErrorCode.allCases)
    func rows(_ code: ErrorCode) {
        let row = code.row
        let isWord: (Unicode.Scalar) -> Bool = { ("A"..."Z").contains($0) || $0 == "_" }
        #expect(!row.textToken.isEmpty && row.textToken.unicodeScalars.allSatisfy(isWord))
        #expect(!row.respWord.isEmpty && row.respWord.unicodeScalars.allSatisfy(isWord))
        #expect(row.jsonCode == row.jsonCode.lowercased() && !row.jsonCode.contains(" "))
        #expect((400...599).contains(row.httpStatus))
        #expect((1000...1015).contains(row.webSocketCloseCode) || row.webSocketCloseCode >= 3000)
        #expect(!row.message.isEmpty)
        #expect(row.message.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    }

    @Test("text tokens are distinct")
    func distinct() {
        #expect(Set(ErrorCode.allCases.map(\.row.textToken)).count == ErrorCode.allCases.count)
    }

    @Test("an error says what its row says unless told otherwise")
    func messages() {
        #expect(ServerError(.syntax).message == "syntax error")
        #expect(ServerError(.syntax, "x").message == "x")
        #expect(
            ServerError.wrongArity("GET").message == "wrong number of arguments for 'get' command"
        )
        #expect(ServerError.invalidExpiry("SET").message == "invalid expire time in 'set' command")
    }
}
