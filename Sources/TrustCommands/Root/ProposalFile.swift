import ContentTrust
import TUF
import TrustCrypto

/// The file in which a proposed root travels.
enum ProposalFile {
    /// Reads a proposal.
    static func read(_ path: String) throws(Refusal) -> RootProposal {
        let bytes = try InputFile.read(path, limit: RootProposal.maximumLength, option: "the proposal")
        do {
            return try RootProposal(parsing: bytes)
        } catch {
            let refusal = Refusal.metadata(error, checked: "the proposal \(path)", pin: nil)
            throw Refusal(
                .badSignature,
                checked: refusal.checked,
                found: "not a proposal for a root: \(refusal.found)",
                expected: "a file that trustctl root propose wrote",
                cause: error
            )
        }
    }

    /// Writes a proposal to a file that is not there yet.
    static func writeNew(_ proposal: RootProposal, to path: String) throws(Refusal) {
        let bytes = proposal.bytes
        do throws(FileError) {
            try NewFile.write(bytes.span, to: path, mode: 0o644)
        } catch {
            if case .other(_, NewFile.existsCode) = error {
                throw Refusal(.usage, checked: "--out \(path)", found: "the file is there already", cause: error)
            }
            throw Refusal.file(error, checked: "--out \(path)")
        }
    }

    /// Replaces a proposal by one with more signatures.
    static func replace(_ path: String, with proposal: RootProposal) throws(Refusal) {
        let bytes = proposal.bytes
        do throws(FileError) {
            try DurableFile.write(bytes.span, to: path, mode: 0o644)
        } catch {
            throw Refusal.file(error, checked: "the proposal \(path)")
        }
    }
}
