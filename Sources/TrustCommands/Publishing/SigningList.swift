import ContentTrust
import OCI
import TrustCrypto

/// What is to be signed: tags, perhaps with the digests that they must have, grouped by repository.
struct SigningList: Sendable {
    /// A tag to sign.
    struct Entry: Sendable, Hashable {
        let tag: String
        let digest: Digest?
    }

    /// The tags of one repository, each once, in the order in which they were named.
    struct Group: Sendable {
        let subject: Subject
        var entries: [Entry]
    }

    /// The groups, in the order in which they were named.
    private(set) var groups: [Group] = []
    private var indexes: [Subject: Int] = [:]
    private var digests: [Subject: [String: Digest?]] = [:]

    /// Bytes and lines of a list file.
    static let maximumLength = 64 << 20
    static let maximumEntries = 200_000

    /// How many tags there are; counted as they come, because every line of a list asks.
    private(set) var count = 0

    /// Whether some digest has to be asked of the registry.
    var asksForDigests: Bool { groups.contains { $0.entries.contains { $0.digest == nil } } }

    /// Adds a tag. One that is named again must be named with the same digest.
    ///
    /// - Parameters:
    ///   - reference: `REPO[:TAG][@DIGEST]`; docker's `latest` without a tag.
    ///   - digest: The digest, if given apart.
    ///   - checked: Where it was named.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    mutating func add(_ reference: ImageReference, digest: Digest?, checked: String) throws(Refusal) {
        guard reference.tag != nil || reference.digest == nil else {
            throw Refusal(.usage, checked: checked, found: "a digest without a tag", expected: "REPO:TAG@DIGEST")
        }
        if let digest, let written = reference.digest, digest != written {
            throw Refusal(.usage, checked: checked, found: "two digests, \(written) and \(digest)")
        }
        let tag = try reference.requireImage().tagOrLatest.string
        let wanted = digest ?? reference.digest
        if let present = digests[reference.subject]?[tag] {
            guard present == wanted else {
                throw Refusal(.usage, checked: checked, found: "the tag \(tag) a second time, with another digest")
            }
            return
        }
        digests[reference.subject, default: [:]].updateValue(wanted, forKey: tag)
        count += 1
        let entry = Entry(tag: tag, digest: wanted)
        if let index = indexes[reference.subject] {
            groups[index].entries.append(entry)
        } else {
            indexes[reference.subject] = groups.count
            groups.append(Group(subject: reference.subject, entries: [entry]))
        }
    }

    /// Adds the lines of a list file: `REF` or `REF DIGEST`; empty ones and those that begin with `#` say nothing.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - name: What it is called in messages.
    /// - Throws: ``Refusal`` with ``Reason/usage``, with the number of the line.
    mutating func add(file bytes: [UInt8], name: String) throws(Refusal) {
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let checked = "\(name), line \(number)"
            let words = line.split { [0x20, 0x09, 0x0d].contains($0) }
            guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
            guard words.count <= 2 else {
                throw Refusal(.usage, checked: checked, found: "\(words.count) words", expected: "REF or REF DIGEST")
            }
            guard count < Self.maximumEntries else {
                throw Refusal(.usage, checked: checked, found: "more than \(Self.maximumEntries) tags")
            }
            let reference: ImageReference
            do throws(Refusal) {
                reference = try ImageReference(parsing: String(decoding: first, as: UTF8.self))
            } catch {
                throw Refusal(
                    .usage,
                    checked: "\(checked): \(error.checked)",
                    found: error.found,
                    expected: error.expected,
                    cause: error
                )
            }
            var digest: Digest?
            if words.count == 2 {
                digest = try DigestFile.digest(String(decoding: words[1], as: UTF8.self), checked: checked)
            }
            try add(reference, digest: digest, checked: checked)
        }
    }
}
