package import KeyStorage
import TUF
import TrustCrypto

extension Refusal {
    /// A private key that could not be found, opened, stored or removed.
    package static func keys(_ error: KeyStorageError, checked: String) -> Refusal {
        func refusal(
            _ reason: Reason,
            _ found: String,
            expected: String? = nil,
            next: String? = nil
        ) -> Refusal {
            Refusal(reason, checked: checked, found: found, expected: expected, next: next, cause: error)
        }
        switch error {
        case .storeMissing(let path):
            return refusal(
                .keyUnavailable,
                "there is no key store at \(path)",
                next: "mount the medium that it is on, or name another place: --key-store DIR"
            )
        case .storeNotADirectory(let path):
            return refusal(.storage, "\(path) is not a directory")
        case .permissionsTooWide(let path, let permissions):
            return refusal(
                .storage,
                "\(path) can be used by others (mode \(String(permissions, radix: 8)))",
                expected: "0700 for the directory, 0600 for keys",
                next: "chmod go= \(ShellWord.quoted(path))"
            )
        case .foreignOwner(let path, let owner):
            return refusal(.storage, "\(path) belongs to user \(owner)", expected: "a key store of your own")
        case .symbolicLink(let path):
            return refusal(.storage, "\(path) is a symbolic link", expected: "the file or directory itself")
        case .malformedRecord(let path):
            return refusal(
                .storage,
                "\(path) is damaged, or not a file of a key store",
                next: "put it back from a backup, or move it away"
            )
        case .keyNotFound(let id, let unavailable):
            let elsewhere =
                unavailable.isEmpty ? "" : "; could not look into \(unavailable.joined(separator: ", "))"
            return refusal(
                .keyUnavailable,
                "no key \(id) in the key stores\(elsewhere)",
                next: "to see what there is: trustctl key list; for a key on another medium: --key-store DIR"
            )
        case .duplicateKey(let id, let path):
            return refusal(.usage, "the key \(id) is there already, in \(path)")
        case .repositoryRequired(let role):
            return refusal(.usage, "no repository", expected: "the repository that the \(role) key is for")
        case .repositoryNotAllowed(let role):
            return refusal(.usage, "a repository", expected: "none: a \(role) key may serve many")
        case .malformedAttribute(let name):
            return refusal(.usage, "a \(name) that is empty, too long, or has control characters")
        case .keyFile(let path, let problem):
            return refusal(.keyUnavailable, "\(path.isEmpty ? "the key" : path) \(describe(problem))")
        case .wrongPassphrase(let id, let origin):
            return refusal(
                .keyUnavailable,
                "\(origin.map { "the passphrase from \($0)" } ?? "the passphrase") does not open the key \(id)",
                expected: "the passphrase that the key was stored with",
                next: "run the command again with the right one; trustctl key list says what each key is for"
            )
        case .passphraseRequired(let id):
            return refusal(
                .keyUnavailable,
                "the key \(id) is encrypted, and there is no passphrase",
                next: passphraseWays
            )
        case .passphraseTooShort(let minimum):
            return refusal(.usage, "a new passphrase that is too short", expected: "at least \(minimum) bytes")
        case .malformedPassphrase(let origin):
            return refusal(
                .keyUnavailable,
                "\(origin) has no passphrase, or one that is too long",
                next: "put the passphrase there, alone and in one line"
            )
        case .passphrasesDiffer:
            return refusal(
                .usage,
                "the new passphrase was typed differently the second time",
                next: "run the command again"
            )
        case .noPassphraseSource(let role, let ways):
            return refusal(
                .keyUnavailable,
                "nothing and nobody to ask for the passphrase of the \(role) key",
                expected: ways.joined(separator: ", "),
                next: passphraseWays
            )
        case .helperNotStarted(let program, let code):
            return refusal(
                .keyUnavailable,
                "the helper program \(program) could not be started: \(words(systemError: code))"
            )
        case .helperFailed(let program, let status):
            let ending = status < 0 ? "was ended by signal \(-status)" : "failed with exit status \(status)"
            return refusal(.keyUnavailable, "the helper program \(program) \(ending)")
        case .helperTimedOut(let program):
            return refusal(.keyUnavailable, "the helper program \(program) took too long")
        case .promptEnded:
            return refusal(.keyUnavailable, "the prompt ended without a passphrase")
        case .cancelled:
            return refusal(.keyUnavailable, "cancelled")
        case .fileMissing(let path):
            return refusal(.usage, "there is no file \(path)", next: "check the path")
        case .file(.readOnly(let path)):
            // Not always the store of TRUSTCTL_HOME: docker's, or one on another medium.
            return refusal(
                .storage,
                "\(path) is on a read-only file system",
                next: "make it writable, or use a key store that is: --key-store DIR, or one in TRUSTCTL_HOME"
            )
        case .file(let error):
            return file(error, checked: checked)
        case .crypto(let problem):
            return refusal(.internalDefect, "the key could not be made or used: \(words(problem))")
        }
    }

    private static let passphraseWays =
        "run it on a terminal, or with --passphrase-file FILE, --passphrase-fd NUMBER or --passphrase-helper PROGRAM"

    private static func describe(_ problem: KeyFileError) -> String {
        switch problem {
        case .notAKey: "has no PEM block"
        case .notAPrivateKey(let label): "holds no private key (\(label))"
        case .truncated: "ends in the middle of the key"
        case .malformed: "is damaged"
        case .severalKeys: "holds several private keys"
        case .unsupported(let what): "is of a form that is not supported: \(what)"
        case .passphraseRequired: "is encrypted, and there is no passphrase"
        case .wrongPassphrase: "does not open with this passphrase"
        case .limitExceeded: "asks for more than is permitted"
        case .inconsistentKey: "holds a key whose numbers contradict each other"
        case .encodingFailed: "could not be written by the cryptographic library"
        }
    }
}
