// Sizes as people write them, and the names of eviction policies.
import Core
import Testing

@Suite struct ByteSizeTests {
    @Test(arguments: [
        ("0", 0), ("1", 1), ("100b", 100), ("1k", 1000), ("1kb", 1024), ("2M", 2_000_000),
        ("512mb", 512 << 20), ("512MB", 512 << 20), ("3g", 3_000_000_000), ("3Gb", 3 << 30),
        ("0gb", 0), ("007kB", 7168), ("9223372036854775807", Int.max),
    ])
    func sizesAreRead(text: String, bytes: Int) {
        #expect(ByteSize.parse(text) == bytes)
    }

    @Test(arguments: [
        "", "mb", "-1", "+1", "1.5mb", "1 mb", " 1", "1mb ", "1tb", "1kk", "100%", "0x10", "abc",
        "\u{661}", "9223372036854775808", "99999999999999999999", "9007199254740992kb",
    ])
    func otherTextIsNone(text: String) {
        #expect(ByteSize.parse(text) == nil)
    }

    @Test func policiesAreFoundByTheirNames() {
        for policy in EvictionPolicy.allCases {
            #expect(EvictionPolicy(name: policy.name) == policy)
            #expect(EvictionPolicy(name: policy.name.uppercased()) == policy)
            #expect(EvictionPolicy.allCases[Int(policy.rawValue)] == policy)
            #expect(policy.sparesPersistentKeys == policy.name.hasPrefix("volatile-"))
        }
        #expect(EvictionPolicy(name: "allkeys-lfu") == nil)
        #expect(EvictionPolicy(name: "") == nil)
    }
}
