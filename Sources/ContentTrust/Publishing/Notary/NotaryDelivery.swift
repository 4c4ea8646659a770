import NotaryAPI
import OCIRegistry
import TUF
import TrustCrypto

/// Sends files to a Notary server and makes sure that it has them: answers get lost, and not every answer comes from the server.
struct NotaryDelivery: Sendable {
    let client: NotaryClient
    let subject: Subject
    let storeName: String
    /// The option that leads to the server, for messages.
    var storeArguments: String { " --store \(ShellWord.quoted(storeName))" }

    /// How it went, where nothing is wrong.
    enum Outcome {
        /// The server has the files.
        case stored
        /// Another publisher was faster.
        case overtaken
    }

    /// Sends files.
    ///
    /// - Parameters:
    ///   - files: The files by role.
    ///   - refusal: What is said of an answer that takes nothing.
    /// - Returns: What became of them.
    /// - Throws: ``Refusal``; it says so where the change may have been published all the same.
    func deliver(
        _ files: [RoleName: [UInt8]],
        refusing refusal: (NotaryError) -> Refusal
    ) async throws(Refusal) -> Outcome {
        do throws(NotaryError) {
            try await client.publish(files)
        } catch .versionTaken {
            return .overtaken
        } catch {
            guard error.mayHaveBeenStored else { throw refusal(error) }
            do throws(NotaryError) {
                if try await isStored(files) { return .stored }
            } catch let later {
                throw refusal(error).withDoubt(later, subject, storeArguments)
            }
            throw refusal(error)
        }
        do throws(NotaryError) {
            if try await isStored(files) { return .stored }
        } catch {
            throw Refusal.notary(error, checked: "what was published to \(storeName)")
                .withDoubt(error, subject, storeArguments)
        }
        throw Refusal(
            .badResponse,
            checked: "publishing of \(subject) to \(storeName)",
            found: "the answer was that all is well, and the server does not have what was sent",
            next: "nothing was published; check what stands between this machine and the server, such as a proxy"
        )
    }

    /// Whether the server has all of the files, which it finds by their digests.
    private func isStored(_ files: [RoleName: [UInt8]]) async throws(NotaryError) -> Bool {
        for (role, bytes) in files {
            let digest = Digest.compute(.sha256, over: bytes.span)
            let file = MetadataFile(role: role, version: nil, digest: digest)
            guard try await client.bytes(of: file, maximumLength: bytes.count) == bytes else { return false }
        }
        return true
    }
}

extension NotaryError {
    /// Whether the server may have stored what it was sent: it gave no answer, or one that says that something broke.
    fileprivate var mayHaveBeenStored: Bool {
        guard case .server(let error) = self else { return false }
        switch error {
        case .unreachable, .serverError, .badResponse, .tooLarge, .cancelled: return true
        case .unauthorized, .denied, .credentials, .rateLimited, .sizeMismatch, .digestMismatch: return false
        }
    }
}

extension Refusal {
    /// Says that nobody knows whether a change was published.
    fileprivate func withDoubt(_ later: NotaryError, _ subject: Subject, _ storeArguments: String) -> Refusal {
        Refusal(
            reason,
            checked: checked,
            found: "\(found); the change may have been published all the same",
            expected: expected,
            next: "first, when the server answers again: trustctl inspect \(subject.argument)\(storeArguments)",
            cause: later
        )
    }

    /// Says of what went wrong after a change was published that it was.
    var afterPublishing: Refusal {
        Refusal(
            reason,
            checked: checked,
            found: "the change was published, and then: \(found)",
            expected: expected,
            next: next,
            cause: cause
        )
    }
}
