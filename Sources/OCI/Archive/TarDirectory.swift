/// The table of contents of a tar archive: where each regular file is. Nothing is unpacked.
///
/// Only what every program reads alike is accepted: regular files and folders (links are passed over and reported), in
/// POSIX ustar, pax or GNU form, each name once, relative, plain ASCII, without `.` or `..` inside, ended by two blocks of
/// zeros with only zeros behind.
struct TarDirectory {
    struct Limits {
        var maximumEntries = 65_536
        /// The most bytes of a long name or of pax records.
        var maximumExtension = 1 << 20
        var maximumName = 4096
        /// The most zeros that may follow the end: what writers pad their last record with.
        var maximumPadding: Int64 = 1 << 20
    }

    private(set) var files: [String: FileSlice] = [:]
    private(set) var folders: Set<String> = []
    /// The name of the first link; what it leads to is not read. Whoever uses the archive refuses it then: this is only
    /// told apart because old archives of docker have links, and are worth another message.
    private(set) var firstLink: String?

    private let file: RegularFile
    private let limits: Limits
    private var offset: Int64 = 0
    private var entries = 0
    private var pendingName: [UInt8]?
    private var pendingPax: PaxRecords?

    init(reading file: RegularFile, limits: Limits = Limits()) throws(OCIError) {
        self.file = file
        self.limits = limits
        try checkCompression()
        while try readEntry() {}
    }

    private func fail(_ problem: ArchiveProblem) -> OCIError { .archive(path: file.path, problem: problem) }

    private func block(at offset: Int64) throws(OCIError) -> [UInt8] {
        try FileSlice(file, offset: offset, size: Int64(TarHeader.blockSize)).bytes(limit: TarHeader.blockSize)
    }

    private func checkCompression() throws(OCIError) {
        let start = try FileSlice(file, offset: 0, size: min(6, file.size)).bytes(limit: 6)
        let magics: [[UInt8]] = [
            [0x1F, 0x8B], [0x28, 0xB5, 0x2F, 0xFD], [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], [0x42, 0x5A, 0x68],
        ]
        if magics.contains(where: { start.starts(with: $0) }) { throw fail(.compressed) }
    }

    /// Reads one header and passes over its content; false at the end of the archive.
    private mutating func readEntry() throws(OCIError) -> Bool {
        if Task.isCancelled { throw .cancelled }
        let start = offset
        let bytes = try block(at: start)
        guard bytes.count == TarHeader.blockSize else { throw fail(.truncated) }
        if bytes.allSatisfy({ $0 == 0 }) {
            guard pendingName == nil, pendingPax == nil else { throw fail(.damagedHeader(offset: start)) }
            try checkEnd(after: start)
            return false
        }
        entries += 1
        guard entries <= limits.maximumEntries else {
            throw .limitExceeded(.archiveEntries, limit: limits.maximumEntries)
        }
        guard let header = TarHeader(bytes) else { throw fail(.damagedHeader(offset: start)) }
        let content = start + Int64(TarHeader.blockSize)
        let isEntry = header.kind == .file || header.kind == .folder
        let size = isEntry ? pendingPax?.size ?? header.size : header.size
        guard size <= file.size - content else { throw fail(.truncated) }
        let slice = FileSlice(file, offset: content, size: size)

        switch header.kind {
        case .paxNext:
            guard pendingPax == nil, let records = try records(in: slice) else {
                throw fail(.damagedHeader(offset: start))
            }
            pendingPax = records
        case .paxGlobal:
            guard pendingName == nil, pendingPax == nil, let records = try records(in: slice) else {
                throw fail(.damagedHeader(offset: start))
            }
            // A name or length for all entries makes no sense, and programs differ in what they make of it.
            guard records.path == nil, records.size == nil else {
                throw fail(.unsupportedEntry(name: Self.display(header.name)))
            }
        case .longName:
            guard pendingName == nil, size <= Int64(limits.maximumName) else {
                throw fail(.damagedHeader(offset: start))
            }
            pendingName = Array(try slice.bytes(limit: limits.maximumName).prefix { $0 != 0 })
        case .file, .folder:
            // Whether a name given twice is that of the pax record or GNU's is a matter of taste; so it is refused.
            guard pendingName == nil || pendingPax?.path == nil else { throw fail(.damagedHeader(offset: start)) }
            try add(pendingName ?? pendingPax?.path ?? header.name, header.kind, slice)
            pendingName = nil
            pendingPax = nil
        case .link:
            let name = Self.display(pendingName ?? pendingPax?.path ?? header.name)
            if firstLink == nil { firstLink = name }
            guard pendingPax?.size ?? 0 == 0 else { throw fail(.unsupportedEntry(name: name)) }
            pendingName = nil
            pendingPax = nil
        case .unsupported:
            throw fail(.unsupportedEntry(name: Self.display(pendingName ?? pendingPax?.path ?? header.name)))
        }
        // Sizes are at most the file's, so rounding up cannot overflow.
        let blocks = (size + Int64(TarHeader.blockSize) - 1) / Int64(TarHeader.blockSize)
        offset = content + blocks * Int64(TarHeader.blockSize)
        return true
    }

    private func records(in slice: FileSlice) throws(OCIError) -> PaxRecords? {
        guard slice.size <= Int64(limits.maximumExtension) else { return nil }
        return PaxRecords(try slice.bytes(limit: limits.maximumExtension))
    }

    private mutating func add(_ rawName: [UInt8], _ kind: TarHeader.Kind, _ slice: FileSlice) throws(OCIError) {
        let isFolder = kind == .folder || rawName.last == UInt8(ascii: "/")
        guard let name = normalize(rawName, isFolder: isFolder) else {
            throw fail(.unsafeName(name: Self.display(rawName)))
        }
        if isFolder {
            guard slice.size == 0 else { throw fail(.unsupportedEntry(name: Self.display(rawName))) }
            guard files[name] == nil else { throw fail(.duplicateEntry(name: name)) }
            folders.insert(name)
        } else {
            guard files[name] == nil, !folders.contains(name) else { throw fail(.duplicateEntry(name: name)) }
            files[name] = slice
        }
    }

    /// The name without a leading `./` and without the slash that ends a folder's; nil when it is not safe. The archive's
    /// root folder is the empty name.
    private func normalize(_ raw: [UInt8], isFolder: Bool) -> String? {
        guard raw.count <= limits.maximumName, raw.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x5C }) else {
            return nil
        }
        var name = raw[...]
        if name.elementsEqual(".".utf8) { name = [] }
        if name.starts(with: "./".utf8) { name = name.dropFirst(2) }
        if isFolder, name.last == UInt8(ascii: "/") { name = name.dropLast() }
        if name.isEmpty { return isFolder ? "" : nil }
        for part in name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if part.isEmpty || part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8) { return nil }
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// Two blocks of zeros end an archive; behind them there may only be padding.
    private func checkEnd(after start: Int64) throws(OCIError) {
        guard file.size - start >= 2 * Int64(TarHeader.blockSize) else { throw fail(.truncated) }
        guard file.size - start <= limits.maximumPadding else { throw fail(.trailingData) }
        let rest = try FileSlice(file, offset: start, size: file.size - start).bytes(limit: Int(limits.maximumPadding))
        guard rest.allSatisfy({ $0 == 0 }) else { throw fail(.trailingData) }
    }

    private static func display(_ name: [UInt8]) -> String { String(decoding: name.prefix(300), as: UTF8.self) }
}
