import ContentTrust
import HTTPTypes
import TUF
import TrustCrypto
import TrustTransport

/// Fetches target files (TUF 1.0.34 §5.7): under another name first, which is changed when the file is the right one.
struct TargetDownload: Sendable {
    let files: RepositoryFiles
    let directory: String
    let consistentSnapshot: Bool

    /// Fetches a target, unless it is there.
    ///
    /// - Parameters:
    ///   - path: The target.
    ///   - record: What verified metadata says of it.
    ///   - own: What the repository that is asked says of it, which is what its files are named by; nil for `record`.
    /// - Returns: The file.
    /// - Throws: ``Refusal``.
    func fetch(
        _ path: TargetPath,
        _ record: TargetRecord,
        named own: TargetRecord? = nil
    ) async throws(Refusal) -> String {
        let checked = "the target \(path)"
        guard !record.hashes.isEmpty else {
            throw Refusal(.badSignature, checked: checked, found: "no digest of a known algorithm")
        }
        let name = try name(path, own ?? record, checked: checked)
        let file = "\(directory)/\(MetadataFile.percentEncoded(path.string))"
        let problem: String?
        do throws(RepositoryFilesError) {
            if try isThere(file, record) { return file }
            let new = try NewTarget(for: file, record)
            let isReceived = try await receive(name, into: new, record)
            problem = isReceived ? try new.keep() : "the repository does not have \(name)"
        } catch {
            throw error.refusal(checked: checked)
        }
        guard let problem else { return file }
        throw Refusal(.badSignature, checked: checked, found: problem, expected: "what the metadata says of it")
    }

    /// The name of the file in the repository: with consistent snapshots a digest stands before its last part (§6.2).
    private func name(_ path: TargetPath, _ record: TargetRecord, checked: String) throws(Refusal) -> String {
        var parts = path.string.split(separator: "/", omittingEmptySubsequences: false)
            .map { MetadataFile.percentEncoded(String($0)) }
        // They name no file, here or there, and would lead out of the place where targets are.
        guard !parts.contains(where: { $0 == "." || $0 == ".." }) else {
            throw Refusal(.usage, checked: checked, found: "a path with . or .. in it")
        }
        if consistentSnapshot, let digest = record.digest(.sha256) ?? record.hashes.first {
            parts[parts.count - 1] = "\(digest.hex).\(parts[parts.count - 1])"
        }
        return parts.joined(separator: "/")
    }

    private func isThere(_ file: String, _ record: TargetRecord) throws(RepositoryFilesError) -> Bool {
        do throws(FileError) {
            let check = TargetCheck(record)
            // A longer file is another one, and not read to its end.
            return try FilePieces.read(file) { check.add($0) } && check.problem == nil
        } catch {
            throw .file(error)
        }
    }

    /// Receives a file.
    ///
    /// - Returns: False when the repository looked and has no such file.
    private func receive(
        _ name: String,
        into new: NewTarget,
        _ record: TargetRecord
    ) async throws(RepositoryFilesError) -> Bool {
        switch files.place {
        case .directory(let path):
            do { return try FilePieces.read("\(path)/\(name)") { new.add($0) } } catch { throw .file(error) }
        case .url(let base):
            let answer: (status: Int, url: String)
            do throws(TransportError) {
                answer = try await files.sender.stream(
                    HTTPRequestMessage(.get, try HTTPURL(parsing: base + name)),
                    limits: .transfer(bytes: record.length)
                ) { (head, body) async throws(TransportError) in
                    guard head.status == .ok else { return (head.status.code, head.url.description) }
                    while let piece = try await body.next(), new.add(piece) {}
                    return (200, head.url.description)
                }
            } catch {
                throw .transport(error)
            }
            switch answer.status {
            case 200: return true
            case 404: return false
            default: throw .status(answer.status, url: answer.url)
            }
        }
    }
}
