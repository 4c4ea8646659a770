public import TrustCrypto

/// The keys and certificates under which signatures of images are checked.
public struct GivenSigners: Sendable, Hashable {
    /// A public key of cosign.
    public struct Key: Sendable, Hashable {
        /// What to call it: the name of its file.
        public let name: String
        /// The key.
        public let key: ArtifactKey

        /// A key and its name.
        public init(name: String, key: ArtifactKey) {
            self.name = name
            self.key = key
        }
    }

    /// Keys of cosign, of which any may have signed.
    public var keys: [Key]
    /// What notation's trust stores of type `ca` hold: authorities, or signing certificates themselves.
    public var authorities: [Certificate]
    /// What notation's trust stores of type `signingAuthority` hold: whose word on the time of signing is believed. Apart, because
    /// whoever has an expired certificate of an authority could otherwise name a time at which it was valid.
    public var signingAuthorities: [Certificate]

    /// Keys and certificates.
    public init(keys: [Key] = [], authorities: [Certificate] = [], signingAuthorities: [Certificate] = []) {
        self.keys = keys
        self.authorities = authorities
        self.signingAuthorities = signingAuthorities
    }

    /// What a file holds for signatures to be checked under.
    package enum FileKind: Sendable, Hashable {
        /// A public key of cosign, in one PEM block.
        case key
        /// Certificates for ``GivenSigners/authorities``, in PEM.
        case authorities
        /// Certificates for ``GivenSigners/signingAuthorities``, in PEM.
        case signingAuthorities
    }

    /// Why a file holds nothing of its kind, in words that go on with "the file has".
    package struct FileProblem: Error {
        /// What was found.
        package let found: String
        /// What was expected.
        package let expected: String
        /// The error underneath.
        package let cause: any Error
    }

    /// Adds what a file holds.
    ///
    /// - Parameters:
    ///   - file: All of it.
    ///   - name: Its name, by which a key is called.
    ///   - kind: What it is to hold.
    /// - Throws: ``FileProblem`` when it holds something else, or nothing; nothing is added then.
    package mutating func add(_ file: [UInt8], name: String, as kind: FileKind) throws(FileProblem) {
        switch kind {
        case .key: keys.append(Key(name: name, key: try Self.key(file)))
        case .authorities: authorities += try Self.certificates(file)
        case .signingAuthorities: signingAuthorities += try Self.certificates(file)
        }
    }

    private static func key(_ file: [UInt8]) throws(FileProblem) -> ArtifactKey {
        do throws(KeyFileError) {
            return try ArtifactKey(file: file)
        } catch {
            throw FileProblem(
                found: "no public key that cosign has",
                expected: "one PEM block PUBLIC KEY",
                cause: error
            )
        }
    }

    private static func certificates(_ file: [UInt8]) throws(FileProblem) -> [Certificate] {
        do throws(CertificateError) {
            return try Certificate.all(inPEM: file)
        } catch {
            throw FileProblem(
                found: "no PEM certificates that can be read",
                expected: "PEM certificates, and nothing else in PEM",
                cause: error
            )
        }
    }

    /// Whether there is something under which signatures of a tool can be checked.
    public func isGiven(for tool: SignatureTool) -> Bool {
        switch tool {
        case .cosign: !keys.isEmpty
        case .notation: !authorities.isEmpty || !signingAuthorities.isEmpty
        }
    }
}
