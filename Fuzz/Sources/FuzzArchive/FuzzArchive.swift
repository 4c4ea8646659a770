import Harness
import OCI
import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where the archive is put: it is read from a file, piece by piece.
private let path = "/tmp/trustctl-fuzz-archive-\(getpid()).tar"

/// Whatever the bytes are: no trap, and nothing is called right that is not.
@c(LLVMFuzzerTestOneInput)
public func fuzzArchive(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = fuzzInput(start, count)
    // The checksums of headers are made right, so that the fuzzer gets past them.
    guard store(mended(bytes)) else { fatalError("no place for the archive") }
    defer { unlink(path) }
    guard let archive = try? ImageArchive(opening: path) else { return 0 }
    var reports: [ImageReport] = []
    for image in archive.images().prefix(16) {
        guard let report = try? ImageCheck().check(image, in: archive) else { continue }
        reports.append(report)
        for document in report.documents {
            guard let content = try? archive.content(of: document) else { fatalError("a document that is not there") }
            let digest = Digest.compute(document.digest.algorithm, over: content.bytes.span)
            require(digest == document.digest, "a wrong digest was called right")
        }
    }
    _ = try? archive.checkLoading(reports)
    return 0
}

private func mended(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var offset = 0
    while offset + 512 <= bytes.count {
        defer { offset += 512 }
        guard bytes[(offset + 257)..<(offset + 262)].elementsEqual("ustar".utf8) else { continue }
        for index in 148..<156 { bytes[offset + index] = 0x20 }
        let sum = bytes[offset..<(offset + 512)].reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        let field = String(repeating: "0", count: 6 - digits.count) + digits + "\0 "
        bytes.replaceSubrange((offset + 148)..<(offset + 156), with: Array(field.utf8))
    }
    return bytes
}

private func store(_ bytes: [UInt8]) -> Bool {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    defer { close(file) }
    return bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) } == bytes.count
}
