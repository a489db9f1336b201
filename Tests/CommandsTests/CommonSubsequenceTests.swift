// The longest common subsequence against the textbook's table, on random bytes.
import Testing

@testable import Commands

@Suite struct CommonSubsequenceTests {
    /// The length by the textbook: a whole table of lengths.
    private func length(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var table = [[Int]](
            repeating: [Int](repeating: 0, count: second.count + 1),
            count: first.count + 1
        )
        for row in first.indices {
            for column in second.indices {
                table[row + 1][column + 1] =
                    first[row] == second[column]
                    ? table[row][column] + 1 : max(table[row][column + 1], table[row + 1][column])
            }
        }
        return table[first.count][second.count]
    }

    private func bytes(_ count: Int, _ letters: UInt8) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0..<letters) }
    }

    @Test(arguments: [1, 2, 3, 26, 255] as [UInt8]) func isAsLongAsCanBe(letters: UInt8) {
        for _ in 0..<100 {
            let first = bytes(Int.random(in: 0...70), letters)
            let second = bytes(Int.random(in: 0...70), letters)
            let shared = CommonSubsequence(first.span, second.span, needsMatches: true)
            #expect(shared.count == length(first, second), "\(first) \(second)")
            check(shared, first, second)
            let counted = CommonSubsequence(first.span, second.span, needsMatches: false)
            #expect(counted.count == shared.count && counted.matches.isEmpty)
        }
    }

    /// Holds the matches to be there, in order, apart from one another, and as long as is said.
    private func check(_ shared: CommonSubsequence, _ first: [UInt8], _ second: [UInt8]) {
        var ends = (first: first.count, second: second.count)
        for match in shared.matches {
            #expect(match.first + match.count <= ends.first && match.count > 0)
            #expect(match.second + match.count <= ends.second)
            for offset in 0..<match.count {
                #expect(first[match.first + offset] == second[match.second + offset])
            }
            ends = (match.first, match.second)
        }
        #expect(shared.matches.reduce(0) { $0 + $1.count } == shared.count)
    }

    /// What redis-server 7.0.15 answers to LCS with IDX.
    @Test func ofSeveralItIsTheOneOfRedis() {
        let first = Array("acbbcabcbacabbbac".utf8)
        let second = Array("bacabcabbcabccba".utf8)
        let shared = CommonSubsequence(first.span, second.span, needsMatches: true)
        let starts = [
            (14, 14, 2), (13, 11, 1), (10, 9, 2), (8, 8, 1), (3, 4, 4), (0, 1, 2),
        ]
        let matches = starts.map {
            CommonSubsequence.Match(first: $0.0, second: $0.1, count: $0.2)
        }
        #expect(shared.matches == matches)
        #expect(shared.count == 12)
    }
}
