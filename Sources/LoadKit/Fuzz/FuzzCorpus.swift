// Cases in files: what once failed is run again, every time, first.
#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// A folder of cases.
struct FuzzCorpus: Sendable {
    let folder: String

    /// The names of the files with cases, in order.
    func files() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted()
    }

    /// The case in the file called `name`.
    func load(_ name: String) throws(LoadError) -> FuzzCase {
        guard let data = FileManager.default.contents(atPath: folder + "/" + name) else {
            throw .unready("cannot read \(folder)/\(name)")
        }
        do {
            return try FuzzCase(json: String(decoding: data, as: UTF8.self))
        } catch {
            throw .unready("\(folder)/\(name) is no case: \(error)")
        }
    }

    /// Saves a case under a name that says what it is; the name.
    func save(_ subject: FuzzCase, _ kind: FuzzFailure.Kind) throws(LoadError) -> String {
        let name =
            "\(kind.rawValue)-\(subject.encoding.rawValue)-\(subject.seed)-\(subject.number).json"
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            let url = URL(filePath: folder + "/" + name)
            try Data(try subject.json().utf8).write(to: url, options: .atomic)
        } catch {
            throw .unready("cannot write \(folder)/\(name): \(error)")
        }
        return name
    }
}
