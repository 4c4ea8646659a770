import OCI
package import TUF
package import TUFClient
package import TrustCrypto

// One exhaustive switch for each error of the modules below, without a default: an error that is added there does not
// compile here until it has a reason.

extension Refusal {
    /// A file that could not be read or written.
    package static func file(_ error: FileError, checked: String) -> Refusal {
        let found: String
        var next: String?
        switch error {
        case .noSpace(let path):
            found = "no space left for \(path)"
            next = "free space and run the command again; nothing was lost"
        case .readOnly(let path):
            found = "\(path) is on a read-only file system"
            next = "point \(CommandLineAdvice.home) to a place that can be written"
        case .permissionDenied(let path):
            found = "no permission for \(path)"
            next = "check the owner and the mode of \(path)"
        case .tooLarge(let path, let limit):
            found = "\(path) has more than \(limit) bytes"
        case .locked(let path):
            found = "another process holds \(path)"
            next = "run the command again when the other one has ended"
        case .cancelled(let path):
            found = "cancelled while waiting for \(path)"
        case .wrongFileType(let path):
            found = "\(path) is not a file or folder of the kind that is needed"
        case .symbolicLink(let path):
            found = "\(path) is a symbolic link"
        case .other(let path, let code):
            found = "\(path): \(words(systemError: code))"
        }
        return Refusal(.storage, checked: checked, found: found, next: next, cause: error)
    }

    /// Pins that could not be read or changed.
    package static func pins(_ error: PinStoreError) -> Refusal {
        switch error {
        case .file(let error):
            return file(error, checked: "pins")
        case .writableByOthers(let path, let permissions):
            return Refusal(
                .storage,
                checked: "pins",
                found: "\(path) can be written by others (mode \(String(permissions, radix: 8)))",
                expected: "a file that only its owner can write",
                next: "look whether the pins are yours, then: chmod go-w \(ShellWord.quoted(path))",
                cause: error
            )
        case .damaged(let path, let field):
            return Refusal(
                .storage,
                checked: "pins",
                found: "\(path) is damaged at \(field)",
                next: "mend \(path), or move it away and add the pins again",
                cause: error
            )
        case .exists(let scope):
            return Refusal(
                .usage,
                checked: "pins",
                found: "\(scope) has another pin already",
                next: "to see it: trustctl pin list; to replace it: the same command with --replace",
                cause: error
            )
        }
    }

    /// A store that could not be read or written.
    static func store(_ error: TrustStoreError, store: String, subject: Subject, pin: Pin? = nil) -> Refusal {
        let checked = "trust data in \(store)"
        switch error {
        case .registry(let error):
            return registry(error, checked: checked)
        case .notary(let error):
            return notary(error, checked: checked)
        case .file(let error):
            return file(error, checked: checked)
        case .layout(let error):
            return image(error, checked: checked)
        case .notTrustData(_, let problem):
            return Refusal(
                .badSignature,
                checked: checked,
                found: "something that is not trust data: \(problem)",
                cause: error
            )
        case .tooLarge(let file, let limit):
            return Refusal(
                .badSignature,
                checked: checked,
                found: "\(file) is longer than it may be",
                expected: "at most \(limit) bytes",
                cause: error
            )
        case .vanished(let file):
            return Refusal(
                .badResponse,
                checked: checked,
                found: "\(file) is listed and not there",
                next: "ask the publisher to run: trustctl refresh \(subject.argument)",
                cause: error
            )
        case .rootNotCopied(let version, let newest):
            return Refusal(
                .wrongRoot,
                checked: checked,
                found: "root version \(newest), which the pin does not speak for, and not version \(version) on the "
                    + "way there",
                expected: "all roots from the pinned one on, as an archive of trustctl notary mirror has them; "
                    + "caches of docker and notary keep the newest one",
                next: "compare the keys of that root with the publisher's, and pin them: "
                    + Pin.advice(for: subject.description, .notary, rule: pin?.rule, isReplacing: true),
                cause: error
            )
        }
    }

    /// What expired in files that were copied, where nobody signs it anew.
    func inCopy(of subject: Subject) -> Refusal {
        Refusal(
            reason,
            checked: checked,
            found: "\(found), in files that were copied before",
            expected: expected,
            next: "while the server is there, verify from it, or copy it again: trustctl notary mirror "
                + "\(subject.argument) --to FILE",
            cause: cause
        )
    }

    /// OCI documents and images on this machine.
    static func image(_ error: OCIError, checked: String) -> Refusal {
        func refusal(_ reason: Reason, _ found: String, next: String? = nil) -> Refusal {
            Refusal(reason, checked: checked, found: found, next: next, cause: error)
        }
        let again = "get the image again, from where it was built"
        switch error {
        case .invalidReference(let text, let problem):
            return refusal(.usage, "\(text) is not a reference: \(problem)")
        case .invalidPlatform(let text):
            return refusal(.usage, "\(text) is not a platform")
        case .json(let problem):
            return refusal(.badSignature, "not JSON: \(words(problem))")
        case .missingField(let field):
            return refusal(.badSignature, "\(field) is missing")
        case .invalidField(let field):
            return refusal(.badSignature, "\(field) is not of its form")
        case .ambiguousField(let field):
            return refusal(.badSignature, "\(field) can be read in two ways")
        case .mediaTypeMismatch(let claimed, let found):
            return Refusal(
                .badSignature,
                checked: checked,
                found: "a document of media type \(found)",
                expected: claimed,
                cause: error
            )
        case .unsupportedMediaType(let type):
            return refusal(.badSignature, "a document of media type \(type)")
        case .sizeMismatch(let digest, let expected, let found):
            return Refusal(
                .badSignature,
                checked: checked,
                found: "\(digest) with \(found) bytes",
                expected: "\(expected) bytes",
                cause: error
            )
        case .digestMismatch(let expected, let found):
            return Refusal(
                .badSignature,
                checked: checked,
                found: "bytes that hash to \(found)",
                expected: expected.description,
                cause: error
            )
        case .tooLarge(let limit):
            return refusal(.badSignature, "more than \(limit) bytes")
        case .limitExceeded(let what, let limit):
            return refusal(.badSignature, "more than \(limit) \(what.rawValue)")
        case .blobMissing(let digest):
            return refusal(.badSignature, "\(digest) is missing", next: again)
        case .notALayout(let path):
            return refusal(
                .usage,
                "\(path) is not an OCI image layout",
                next: "name the folder that holds oci-layout and index.json"
            )
        case .imageNotFound(let name):
            return refusal(
                .tagMissing,
                name.map { "no image named \($0)" } ?? "no image",
                next: "look at the names in index.json, or copy the image there first"
            )
        case .imageAmbiguous(let name):
            return refusal(
                .usage,
                name.map { "several images named \($0)" } ?? "several images",
                next: "name one image that is there once: oci:PATH:NAME or oci-archive:FILE:NAME"
            )
        case .imageChanged(let name, let found):
            return refusal(
                .conflict,
                "\(name) was moved to \(found?.description ?? "nothing") meanwhile",
                next: "run the command again"
            )
        case .fileMissing(let path):
            return refusal(.usage, "there is no file \(path)", next: "check the path")
        case .archive(let path, let problem):
            return refusal(
                .badSignature,
                "\(path) is not an archive that can be read in one way only: \(problem)",
                next: "write it again, with docker save, skopeo or buildah"
            )
        case .file(let error):
            return file(error, checked: checked)
        case .cancelled:
            return refusal(.unreachable, "cancelled")
        }
    }

    /// Metadata that was refused.
    ///
    /// - Parameters:
    ///   - error: What was wrong with it.
    ///   - checked: What was checked.
    ///   - pin: What it was checked by.
    ///   - subject: Whose it is, for the commands to run next.
    /// - Returns: The refusal.
    package static func metadata(
        _ error: TUFError,
        checked: String,
        pin: Pin?,
        subject: Subject? = nil
    ) -> Refusal {
        let repository = subject?.argument ?? "REPO"
        let refresh = "trustctl refresh \(repository)"
        func refusal(_ reason: Reason, _ found: String, expected: String? = nil, next: String? = nil) -> Refusal {
            Refusal(reason, checked: checked, found: found, expected: expected, next: next, cause: error)
        }
        switch error {
        case .notJSON(let role, let problem):
            return refusal(.badSignature, "\(role) is not JSON that can be signed: \(words(problem))")
        case .malformed(let role, let field):
            return refusal(.badSignature, "\(role) is malformed at \(field)")
        case .invalidName(let name):
            return refusal(.badSignature, "\(name) is not a name")
        case .wrongType(let role, let found):
            return refusal(.badSignature, "\(role) metadata of type \(found)")
        case .unsupportedSpecVersion(let role, let found):
            return refusal(.badSignature, "\(role) follows TUF \(found)", expected: "1.x")
        case .lengthExceeded(let role, let limit):
            return refusal(.badSignature, "\(role) is longer than it may be", expected: "at most \(limit) bytes")
        case .duplicateSignature(let role, let keyID):
            return refusal(.badSignature, "\(role) has two signatures by \(keyID)")
        case .thresholdNotMet(let role, let required, let valid):
            return refusal(
                .badSignature,
                "\(role) has \(valid) valid signatures by its keys",
                expected: "at least \(required)",
                next: "tell the publisher: somebody else wrote it, or too few of the keys signed"
                    + (pin?.dialect == .notary && !RoleName.topLevel.contains(role)
                        ? "; if its keys were changed: trustctl notary witness \(repository) \(role)"
                        : "")
            )
        case .notPinned(let required, let valid):
            return refusal(
                .wrongRoot,
                "the root is signed by \(valid) of the pinned keys",
                expected: "at least \(required), as pinned for \(pin?.scope.description ?? "it")"
                    + (pin?.rule.map { " by \($0)" } ?? ""),
                next: "compare the keys with the publisher's; if they were really replaced, pin the new ones: "
                    + Pin.advice(
                        for: pin?.scope.description ?? "REPO",
                        pin?.dialect ?? .tuf1,
                        rule: pin?.rule,
                        isReplacing: true
                    )
            )
        case .rootReplaced(let version):
            return refusal(
                .wrongRoot,
                "another root of version \(version), by pinned keys: the collection was begun anew with them",
                expected: "the root of version \(version) that this machine has seen",
                next: "ask the publisher, on a way that is not the server; if it is so, remove what was seen of the "
                    + "former one, in trust/seen-notary of \(CommandLineAdvice.home)"
            )
        case .versionMismatch(let role, let expected, let found):
            return refusal(.badSignature, "\(role) has version \(found)", expected: "\(expected)")
        case .rollback(let role, let known, let offered):
            return refusal(
                .rollback,
                "\(role) version \(offered)",
                expected: "\(known) or higher, which this machine has seen",
                next: pin?.dialect == .notary
                    ? "tell the publisher; if the server was restored from a backup, from a newer one"
                    : "tell the publisher; if the registry was restored from a backup, the publisher runs: \(refresh)"
            )
        case .roleRemoved(let role):
            return refusal(.rollback, "the snapshot no longer lists \(role)")
        case .roleNotListed(let role):
            return refusal(.badSignature, "the snapshot does not list \(role)")
        case .expired(let role, let at):
            return refusal(
                .expired,
                "\(role) expired at \(at)",
                next: whatRenews(role, refresh, subject, pin?.dialect ?? .tuf1)
            )
        case .certificatesExpired(let at):
            return refusal(
                .certificateExpired,
                "the certificates of the root keys are not valid now; the signatures hold (\(at))",
                next:
                    "Notary's server takes no new ones after that; the publisher carries the tags over to the registry: "
                    + "trustctl notary import \(repository) --accept-expired"
            )
        case .lengthMismatch(let role, let expected, let found):
            return refusal(.badSignature, "\(role) has \(found) bytes", expected: "\(expected)")
        case .hashMismatch(let role, let expected):
            return refusal(.badSignature, "\(role) hashes to something else", expected: expected.description)
        case .wrongRepository(let role, let expected, let found):
            return refusal(
                .wrongRepository,
                "\(role) of \(found.map { "the repository \($0)" } ?? "no named repository")",
                expected: expected,
                next: found == nil
                    ? "if another tool wrote it and that is meant: pin it with --allow-unnamed"
                    : "if this is a mirror that you mean to trust: pin it with --signed-as NAME"
            )
        case .wrongRole(let role, let found):
            return refusal(.badSignature, "the file of \(role) is that of \(found)")
        case .tooManyRoots(let limit):
            return refusal(.badSignature, "more than \(limit) new roots at once")
        case .tooManyDelegations(let limit):
            return refusal(.badSignature, "a search through more than \(limit) delegated roles")
        case .signingFailed(let role, let problem):
            return refusal(.internalDefect, "\(role) could not be signed: \(words(problem))")
        }
    }

    /// What to do about an expired role.
    private static func whatRenews(
        _ role: RoleName,
        _ refresh: String,
        _ subject: Subject?,
        _ dialect: Dialect
    ) -> String {
        // There it signs every role anew whose keys are at hand, the root's and signers' too.
        if dialect == .notary { return "where the keys of \(role) are, the publisher runs: \(refresh)" }
        if role == .root { return "the publisher must sign a new root" }
        // Hash bins are signed by the publisher, other delegated roles by their signers.
        guard !RoleName.topLevel.contains(role), !role.isBinName else {
            return "the publisher runs: \(refresh)"
        }
        let name = ShellWord.quoted(role.string)
        return "its signer signs one of its tags again: trustctl sign image --signer \(name) "
            + "\(subject?.argument(tag: "TAG") ?? "REPO:TAG"); to take the signer out: "
            + "trustctl signer remove \(subject?.argument ?? "REPO") \(name)"
    }

    /// An update that ended without a trusted set.
    static func update(_ error: UpdateError<TrustStoreError>, subject: Subject, store name: String, pin: Pin?)
        -> Refusal
    {
        update(error, subject: subject, store: name, pin: pin) {
            store($0, store: name, subject: subject, pin: pin)
        }
    }

    /// An answer from memory that could not be given.
    static func update(_ error: UpdateError<Never>, subject: Subject, store name: String, pin: Pin?) -> Refusal {
        update(error, subject: subject, store: name, pin: pin, source: nothing)
    }

    /// What cannot fail is not refused.
    private static func nothing(_ error: Never) -> Refusal {}

    private static func update<Failure>(
        _ error: UpdateError<Failure>,
        subject: Subject,
        store: String,
        pin: Pin?,
        source: (Failure) -> Refusal
    ) -> Refusal {
        let checked = "trust data of \(subject) in \(store)"
        return update(error, subject: subject, checked: checked, pin: pin, source: source)
    }

    /// An update that ended without a trusted set, of trust data or, without a subject, of a general TUF repository.
    package static func update<Failure>(
        _ error: UpdateError<Failure>,
        subject: Subject? = nil,
        checked: String,
        pin: Pin? = nil,
        source: (Failure) -> Refusal
    ) -> Refusal {
        switch error {
        case .metadata(let error): return metadata(error, checked: checked, pin: pin, subject: subject)
        case .source(let error): return source(error)
        case .missing(let file):
            return Refusal(
                .badSignature,
                checked: checked,
                found: "no \(file)",
                next: subject.map { "the publisher runs: trustctl refresh \($0.argument)" }
            )
        case .cache(let error): return cache(error, checked: checked)
        case .contention: return contention(checked: checked)
        case .clockWentBack(let now, let lastCheck): return clock(now: now, lastCheck: lastCheck, checked: checked)
        }
    }

    /// A change that could not be published.
    static func publish(_ error: PublishError, subject: Subject, store: String) -> Refusal {
        switch error {
        case .store(let error):
            return Refusal.store(error, store: store, subject: subject)
        case .refused(let refusal):
            return refusal
        case .cannotMerge(let role):
            return Refusal(
                .keyUnavailable,
                checked: "publishing of \(subject) to \(store)",
                found: "another publisher's set has to be merged, and a key of \(role) is not at hand",
                next: "where it is: trustctl refresh \(subject.argument)"
            )
        case .conflict(let what):
            return Refusal(
                .conflict,
                checked: "publishing of \(subject) to \(store)",
                found: what,
                next: "look at what is there (trustctl inspect \(subject.argument)) and run the command again"
            )
        }
    }

    private static func cache(_ error: TrustCacheError, checked: String) -> Refusal {
        switch error {
        case .file(let error):
            return file(error, checked: checked)
        case .damaged(let path):
            return Refusal(
                .storage,
                checked: checked,
                found: "\(path) is damaged",
                next: "remove \(path); what was seen of the repository is then learned again from the pin",
                cause: error
            )
        }
    }

    private static func contention(checked: String) -> Refusal {
        Refusal(
            .storage,
            checked: checked,
            found: "other processes kept writing what was seen",
            next: "run the command again"
        )
    }

    private static func clock(now: Instant, lastCheck: Instant, checked: String) -> Refusal {
        Refusal(
            .expired,
            checked: checked,
            found: "this machine's clock says \(now)",
            expected: "not before the last successful check at \(lastCheck)",
            next: "set the clock right; if it is right, and was ahead at that check, remove what was seen then, in "
                + "trust/seen of \(CommandLineAdvice.home)"
        )
    }
}
