import Testing
import TrustCrypto

@testable import OCI

/// Archives of small files. What a tar may not have is in ``TarTests``.
@Suite struct FileArchiveTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func open(_ bytes: [UInt8]) throws -> FileArchive {
        try scratch.write(bytes, to: "a.tar")
        return try FileArchive(opening: scratch.path("a.tar"))
    }

    @Test func whatIsWrittenIsRead() throws {
        // Around the 100 bytes of the name field, and where the length of a pax record gets another digit.
        let names = [1, 99, 100, 101, 90 + 98 - 6 - 3, 255, 990, 995].map { String(repeating: "n", count: $0) }
        let files = names.enumerated().map { (name: $1, bytes: [UInt8](repeating: UInt8($0), count: $0 * 171)) }
        func written() -> [UInt8] {
            var writer = FileArchiveWriter()
            for file in files { writer.add(file.name, file.bytes) }
            return writer.finish()
        }
        let bytes = written()
        #expect(bytes == written())
        let archive = try open(bytes)
        #expect(archive.names.sorted() == names.sorted())
        for file in files { #expect(try archive.bytes(of: file.name, limit: 2000) == file.bytes) }
        #expect(try archive.bytes(of: "other", limit: 2000) == nil)
    }

    @Test func lengthsAreBounded() throws {
        var writer = FileArchiveWriter()
        writer.add("a", [1, 2, 3])
        let archive = try open(writer.finish())
        #expect(throws: OCIError.tooLarge(limit: 2)) { try archive.bytes(of: "a", limit: 2) }
    }

    @Test func linksAreRefused() throws {
        var tar = TarBuilder()
        tar.add("a", [1])
        tar.add("b", type: "2")
        let problem = ArchiveProblem.unsupportedEntry(name: "b")
        #expect(throws: OCIError.archive(path: scratch.path("a.tar"), problem: problem)) { try open(tar.ended()) }
    }

    @Test func onlyRegularFilesAreArchives() {
        let nothing = scratch.path("nothing")
        #expect(throws: OCIError.fileMissing(path: nothing)) { try FileArchive(opening: nothing) }
        #expect(throws: OCIError.file(.wrongFileType(path: scratch.path))) { try FileArchive(opening: scratch.path) }
    }
}
