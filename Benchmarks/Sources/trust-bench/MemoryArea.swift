import CanonicalJSON
import TrustCrypto

/// Peak memory of reading one document, in a process that does nothing else.
enum MemoryArea {
    static func run(path: String) throws {
        let before = peakMemory()
        let bytes = try readFile(path)
        let afterReading = peakMemory()
        let document = try JSONDocument(parsing: bytes)
        let afterParsing = peakMemory()
        keep(try document.root["signed"]?.withCanonicalBytes { Digest.compute(over: $0) })
        let afterDigest = peakMemory()
        let size = Double(bytes.count)
        print(
            "file \(bytes.count) bytes; peak memory in bytes and as a multiple of the file, without the program's own"
        )
        for (name, peak) in [("reading", afterReading), ("parsing", afterParsing), ("digest", afterDigest)] {
            print("  after \(name): \(peak), \(decimals(Double(peak - before) / size, 2))")
        }
    }
}
