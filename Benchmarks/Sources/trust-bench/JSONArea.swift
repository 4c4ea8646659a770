import CanonicalJSON
import TrustCrypto

/// Parsing, canonical form and digest, over documents of several sizes and shapes.
enum JSONArea {
    static func run(tagCounts: [Int]) throws {
        for tags in tagCounts {
            let document = TargetsFixture.document(tags: tags)
            let size = document.count
            print("\(tags) tags, \(document.count) bytes, canonical as received")
            try report("parse", size) { keep(try JSONDocument(parsing: document)) }
            let parsed = try JSONDocument(parsing: document)
            report("walk of all fields", size) { keep(walk(parsed)) }
            try report("canonical slice + SHA-256", size) {
                keep(try parsed.root["signed"]?.withCanonicalBytes { Digest.compute(over: $0) })
            }
            report("SHA-256", size) { keep(Digest.compute(over: document.span)) }
            report("tree", size) { keep(parsed.root.value()) }
            let tree = parsed.root.value()
            try report("canonical form of a tree", size) { keep(try tree.canonicalBytes()) }

            let pretty = tree.jsonBytes(pretty: true)
            print("\(tags) tags, \(pretty.count) bytes, indented")
            try report("parse", pretty.count) { keep(try JSONDocument(parsing: pretty)) }
            let parsedPretty = try JSONDocument(parsing: pretty)
            try report("canonical form", pretty.count) {
                keep(try parsedPretty.root["signed"]?.canonicalBytes())
            }
        }
    }

    /// What a structural check reads of every target, and looks one tag up.
    private static func walk(_ document: JSONDocument) -> Int {
        var found = 0
        guard let targets = document.root["signed"]?["targets"] else { return 0 }
        for (_, target) in targets.memberNodes {
            guard let length = target["length"]?.integer, length >= 0,
                let hashes = target["hashes"], hashes["sha256"]?.withUTF8({ $0.count }) == 64
            else { return 0 }
            found += 1
        }
        return found
    }

    private static func report(_ name: String, _ bytes: Int, _ work: () throws -> Void) rethrows {
        try Measurement.of(work).printLine(name, bytes: bytes)
    }
}
