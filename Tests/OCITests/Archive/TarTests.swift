import Testing

@testable import OCI

@Suite("Tar archives")
struct TarTests {
    func directory(_ bytes: [UInt8], limits: TarDirectory.Limits = .init()) throws -> [String: [UInt8]] {
        let scratch = try ScratchFolder()
        try scratch.write(bytes, to: "a.tar")
        let file = try #require(try RegularFile(opening: scratch.path("a.tar")))
        return try TarDirectory(reading: file, limits: limits).files.mapValues { try $0.bytes(limit: 1 << 20) }
    }

    func problem(_ bytes: [UInt8], limits: TarDirectory.Limits = .init()) -> ArchiveProblem? {
        do {
            _ = try directory(bytes, limits: limits)
            return nil
        } catch OCIError.archive(_, let problem) {
            return problem
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    func built(_ build: (inout TarBuilder) -> Void) -> [UInt8] {
        var tar = TarBuilder()
        build(&tar)
        return tar.ended()
    }

    @Test("are read in each of the formats")
    func formats() throws {
        let long = String(repeating: "d/", count: 100) + "file"
        let bytes = built { tar in
            tar.add("./", type: "5")
            tar.add("./dir/", type: "5")
            tar.add("dir/a", [1, 2, 3])
            tar.add("b", [UInt8](repeating: 4, count: 512), type: "\u{0}", format: .gnu)
            tar.add("c", [5], prefix: "pre/fix")
            tar.addLongName(long)
            tar.add("shortened", [6], format: .gnu)
            tar.addPax([("mtime", "1.5"), ("path", "pax/name"), ("size", "2")])
            tar.add("other", [7, 7], size: "00000000000")
            tar.bytes.removeLast(0)
            tar.addPax([("comment", "x")], global: true)
            tar.add("e", [8], binarySize: [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
            tar.add("old/", type: "0")
            tar.add("empty")
        }
        #expect(
            try directory(bytes) == [
                "dir/a": [1, 2, 3], "b": [UInt8](repeating: 4, count: 512), "pre/fix/c": [5], long: [6],
                "pax/name": [7, 7], "e": [8], "empty": [],
            ]
        )
    }

    @Test("that programs could read differently are refused")
    func ambiguity() {
        func expect(_ expected: ArchiveProblem, _ build: (inout TarBuilder) -> Void) {
            #expect(problem(built(build)) == expected)
        }
        expect(.duplicateEntry(name: "a")) {
            $0.add("a"); $0.add("./a")
        }
        expect(.duplicateEntry(name: "a")) {
            $0.add("a"); $0.add("a/", type: "5")
        }
        expect(.duplicateEntry(name: "a")) {
            $0.add("a/", type: "5"); $0.add("a")
        }
        for type: Character in ["3", "4", "6", "7", "S", "V", "M", "K", "N", "A"] {
            expect(.unsupportedEntry(name: "a")) { $0.add("a", type: type) }
        }
        expect(.unsupportedEntry(name: "a")) { $0.add("a", [1], type: "5") }
        expect(.unsupportedEntry(name: "pax")) {
            $0.addPax([("path", "b")], global: true); $0.add("a")
        }
        expect(.unsupportedEntry(name: "pax")) {
            $0.addPax([("size", "1")], global: true); $0.add("a")
        }
        expect(.damagedHeader(offset: 0)) {
            $0.addPax([("path", "a"), ("path", "b")]); $0.add("c")
        }
        expect(.damagedHeader(offset: 0)) {
            $0.addPax([("path", "")]); $0.add("c")
        }
        expect(.damagedHeader(offset: 0)) {
            $0.addPax([("size", "-1")]); $0.add("c")
        }
        expect(.damagedHeader(offset: 0)) {
            $0.addPax([("GNU.sparse.major", "1")]); $0.add("c")
        }
        expect(.damagedHeader(offset: 2048)) {
            $0.addLongName("a"); $0.addPax([("path", "b")]); $0.add("c")
        }
        expect(.damagedHeader(offset: 1024)) {
            $0.addPax([("path", "a")]); $0.addPax([("path", "b")])
        }
        expect(.damagedHeader(offset: 1024)) {
            $0.addLongName("a"); $0.addLongName("b")
        }
        expect(.damagedHeader(offset: 1024)) { $0.addLongName("a") }
        expect(.damagedHeader(offset: 0)) { $0.add("a", format: .star) }
        expect(.damagedHeader(offset: 0)) { $0.add("a", format: .v7) }
        expect(.damagedHeader(offset: 0)) { $0.add("a", breakChecksum: true) }
    }

    @Test(
        "refuse unsafe names",
        arguments: [
            "/etc/passwd", "../a", "a/../b", "a/./b", "a//b", "..", "a/..", ".//a", "././a", "a\\b", "a b", "ä", "",
            "a\u{1}",
        ]
    )
    func names(name: String) {
        #expect(problem(built { $0.add(name) }) == .unsafeName(name: name))
        if !name.isEmpty {
            #expect(
                problem(
                    built {
                        $0.addPax([("path", name)]); $0.add("x")
                    }
                ) == .unsafeName(name: name)
            )
        }
    }

    @Test(
        "refuse sizes that are no numbers",
        arguments: ["0000000000x", "-0000000001", "0000000 001", "88888888888", "777777777777", "00000000001\u{0}"]
    )
    func sizes(size: String) {
        let expected: ArchiveProblem? =
            switch size {
            case "777777777777": .truncated
            case "00000000001\u{0}": nil
            default: .damagedHeader(offset: 0)
            }
        #expect(problem(built { $0.add("a", [1], size: size) }) == expected)
    }

    @Test("refuse binary sizes that are negative, too big or past the end")
    func binarySizes() {
        for (size, expected) in [
            ([0xFF] + [UInt8](repeating: 0xFF, count: 11), ArchiveProblem.damagedHeader(offset: 0)),
            ([0x80] + [UInt8](repeating: 0xFF, count: 11), .damagedHeader(offset: 0)),
            ([0x80, 0, 0, 0, 0x7F] + [UInt8](repeating: 0xFF, count: 7), .truncated),
        ] {
            #expect(problem(built { $0.add("a", binarySize: size) }) == expected)
        }
        let pax = built {
            $0.addPax([("size", "999999999999999999")]); $0.add("a")
        }
        #expect(problem(pax) == .truncated)
        let longer = built {
            $0.addPax([("size", "9999999999999999999")]); $0.add("a")
        }
        #expect(problem(longer) == .damagedHeader(offset: 0))
    }

    @Test("report links")
    func links() throws {
        for type: Character in ["1", "2"] {
            let scratch = try ScratchFolder()
            try scratch.write(
                built {
                    $0.add("l", type: type)
                    $0.add("a")
                },
                to: "a.tar"
            )
            let file = try #require(try RegularFile(opening: scratch.path("a.tar")))
            let directory = try TarDirectory(reading: file)
            #expect(directory.firstLink == "l")
            #expect(Array(directory.files.keys) == ["a"])
            #expect(problem(built { $0.add("l", [1], type: type) }) == .unsupportedEntry(name: "l"))
        }
    }

    @Test("must end as archives do")
    func ends() throws {
        var tar = TarBuilder()
        tar.add("a", [1])
        #expect(problem(tar.ended()) == nil)
        #expect(problem(tar.ended(padding: 10240)) == nil)
        #expect(problem(tar.ended(padding: 512)) == .truncated)
        #expect(problem(tar.bytes) == .truncated)
        #expect(problem(Array(tar.bytes.dropLast(100))) == .truncated)
        #expect(problem([]) == .truncated)
        #expect(problem(tar.ended() + [1]) == .trailingData)
        #expect(problem(tar.ended() + tar.ended()) == .trailingData)
        #expect(problem(tar.ended(padding: 512) + tar.ended()) == .trailingData)
        #expect(problem(tar.ended(padding: 2 << 20)) == .trailingData)
    }

    @Test("that are compressed or something else are told apart")
    func compression() {
        let rest = [UInt8](repeating: 7, count: 2000)
        #expect(problem([0x1F, 0x8B] + rest) == .compressed)
        #expect(problem([0x28, 0xB5, 0x2F, 0xFD] + rest) == .compressed)
        #expect(problem([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00] + rest) == .compressed)
        #expect(problem(rest) == .damagedHeader(offset: 0))
    }

    @Test("are bounded")
    func limits() throws {
        let three = built {
            $0.add("a"); $0.add("b"); $0.add("c")
        }
        let error = #expect(throws: OCIError.self) { try directory(three, limits: .init(maximumEntries: 2)) }
        #expect(error == .limitExceeded(.archiveEntries, limit: 2))
        let long = built {
            $0.addLongName(String(repeating: "a", count: 5000)); $0.add("a")
        }
        #expect(problem(long) == .damagedHeader(offset: 0))
        let pax = built {
            $0.addPax([("comment", String(repeating: "a", count: 2 << 20))]); $0.add("a")
        }
        #expect(problem(pax) == .damagedHeader(offset: 0))
    }

    @Test(
        "refuse malformed pax records",
        arguments: [
            "x", "5 a=b", "6 a=b\n\n", "7 a=b\n", "5 ab\n", "5 =b\n", "0 a=b\n", "-6 a=b\n", "6  a=b\n",
            "99999999999 a=b\n",
        ]
    )
    func paxRecords(text: String) {
        #expect(PaxRecords(Array(text.utf8)) == nil || text == "6  a=b\n")
    }

    @Test("of pax are read")
    func goodPaxRecords() throws {
        let records = try #require(PaxRecords(Array("6 a=b\n12 path=x/y\n9 size=7\n".utf8)))
        #expect(records.path == Array("x/y".utf8))
        #expect(records.size == 7)
        #expect(PaxRecords([]) != nil)
    }
}
