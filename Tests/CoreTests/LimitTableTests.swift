// The table of limits: complete, true, and of help to whoever misspells.
import Testing

@testable import Core

@Suite struct LimitTableTests {
    private func values(_ limits: Limits) -> [String: Int64] {
        var values: [String: Int64] = [:]
        for child in Mirror(reflecting: limits).children {
            guard let name = child.label else { continue }
            if let number = child.value as? Int { values[name] = Int64(number) }
            if let number = child.value as? Int64 { values[name] = number }
            if let number = child.value as? Int32 { values[name] = Int64(number) }
        }
        return values
    }

    @Test func everyLimitHasARow() {
        // What is no number has no row.
        let names = values(Limits()).keys
        #expect(Set(LimitTable.rows.map(\.name)) == Set(names))
        #expect(LimitTable.rows.count == names.count)
    }

    @Test func everyRowIsItsOwnProperty() {
        let before = values(Limits())
        for row in LimitTable.rows {
            #expect(row.value(in: Limits()) == before[row.name], "\(row.name)")
            #expect(row.range.contains(row.value(in: Limits())), "\(row.name)")
            #expect(row.summary.hasSuffix("."), "\(row.name)")
            for value in [row.range.lowerBound, row.range.upperBound] {
                var limits = Limits()
                row.set(value, in: &limits)
                var expected = before
                expected[row.name] = value
                #expect(values(limits) == expected, "\(row.name)")
            }
        }
    }

    @Test func settingNamesAreThoseOfARedis() {
        let names = [
            "maxKeyBytes": "max-key-bytes", "maxJSONDepth": "max-json-depth",
            "maxLCSCells": "max-lcs-cells", "ipv4PrefixLength": "ipv4-prefix-length",
        ]
        for (name, expected) in names { #expect(LimitTable.row(name)?.settingName == expected) }
        #expect(Set(LimitTable.rows.map(\.settingName)).count == LimitTable.rows.count)
    }

    @Test func aLimitIsChangedByItsName() throws {
        var limits = Limits()
        try LimitTable.apply("maxKeyBytes=512", to: &limits)
        try LimitTable.apply("ADDRESSBANMILLISECONDS=0", to: &limits)
        #expect(limits.maxKeyBytes == 512 && limits.addressBanMilliseconds == 0)
    }

    @Test(arguments: [
        ("maxKeyBytes", "is not NAME=VALUE"),
        ("maxKeyByte=1", "names no limit: did you mean maxKeyBytes, max"),
        ("open=1", "names no limit: did you mean addressOpenConnections"),
        ("maxKeyBytes=0", "must be 1 to 65535"),
        ("maxKeyBytes=65536", "must be 1 to 65535"),
        ("maxKeyBytes=many", "must be 1 to 65535"),
        ("maxKeyBytes=", "must be 1 to 65535"),
        ("maxKeyBytes=99999999999999999999", "must be 1 to 65535"),
    ])
    func whatIsWrongIsSaid(text: String, reason: String) {
        var limits = Limits()
        let error = #expect(throws: LimitError.self) { try LimitTable.apply(text, to: &limits) }
        #expect(error?.description.hasPrefix(reason) == true, "\(error as Any)")
        #expect(limits == Limits())
    }

    @Test func contradictionsAreFound() throws {
        try LimitTable.check(Limits())
        var limits = Limits()
        limits.outboundLowWatermarkBytes = limits.outboundHighWatermarkBytes + 1
        #expect(throws: LimitError.self) { try LimitTable.check(limits) }
        limits = Limits()
        limits.maxRequestBytes = limits.maxValueBytes - 1
        #expect(throws: LimitError.self) { try LimitTable.check(limits) }
    }

    @Test func anythingHasNearestNames() {
        for name in ["", "=", String(repeating: "é", count: 10_000), "🦊"] {
            #expect(LimitTable.nearest(name).split(separator: ",").count == 3)
        }
    }
}
