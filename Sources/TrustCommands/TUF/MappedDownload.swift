import CanonicalJSON
import ContentTrust
import TUF
import TUFClient

/// Fetches targets that several repositories agree on, from whichever of them has the right file.
struct MappedDownload: Sendable {
    let places: MappedPlaces
    let client: MultiRepositoryClient<RepositoryFiles>
    let directory: String

    /// Searches for a target and fetches it, unless it is there.
    ///
    /// - Parameter path: The target.
    /// - Returns: The file, and who agrees on it.
    /// - Throws: ``Refusal``.
    func fetch(_ path: TargetPath) async throws(Refusal) -> (file: String, target: AgreedTarget) {
        let checked = "the target \(path)"
        let target: AgreedTarget
        do throws(MapSearchError<MapText.Failure>) {
            target = try await client.find(path)
        } catch {
            throw MapText.refusal(error, checked: checked, places)
        }
        var refusals: [Refusal] = []
        for voucher in target.vouchers {
            let repository = voucher.repository
            let set: TrustedSet
            do throws(MapText.Failure) {
                set = try await client.refresh(repository)
            } catch {
                throw MapText.refusal(error, of: repository, places)
            }
            for files in places.targets[repository] ?? [] {
                let download = TargetDownload(
                    files: files,
                    directory: directory,
                    consistentSnapshot: set.root.payload.consistentSnapshot
                )
                do throws(Refusal) {
                    return (try await download.fetch(path, target.record, named: voucher.target.record), target)
                } catch {
                    // It must be the same file wherever it comes from: another copy may have it.
                    refusals.append(error)
                    guard !Task.isCancelled, error.reason != .storage else { throw error }
                }
            }
        }
        guard let first = refusals.first else {
            throw Refusal(.internalDefect, checked: checked, found: "no place to ask")
        }
        guard refusals.count > 1 else { throw first }
        throw Refusal(
            first.reason,
            checked: "\(checked) at all who vouch for it",
            found: refusals.map(\.found).joined(separator: "; "),
            expected: first.expected,
            cause: first.cause
        )
    }

    /// The object of `--json` output.
    static func json(_ path: TargetPath, file: String, _ target: AgreedTarget) -> JSONValue {
        let vouchers = target.vouchers.map { voucher -> JSONValue in
            ["repository": .string(voucher.repository.string), "role": .string(voucher.target.role.string)]
        }
        return [
            "reason": .string(Reason.trusted.code), "exitCode": 0, "target": .string(path.string),
            "repositories": .array(vouchers), "file": .string(file), "length": .integer(target.record.length),
        ]
    }
}
