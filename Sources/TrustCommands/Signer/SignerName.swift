import ArgumentParser
import ContentTrust
import KeyStorage
import TUF
import TrustCrypto

/// The name of a signer on the command line.
enum SignerName {
    static let help = ArgumentHelp("Signer.", valueName: "name")

    /// The name of a signer's role, where its trust data lies.
    ///
    /// - Parameters:
    ///   - text: The signer. On a Notary server also by the name of its role, which begins with `targets/`.
    ///   - location: Where the trust data lies.
    /// - Returns: The role.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    static func parse(_ text: String, at location: StoreLocation?) throws(Refusal) -> RoleName {
        guard location?.dialect == .notary else { return try parse(text) }
        return try NotarySigner.role(named: text)
    }

    /// The name of a signer's role in TUF 1.0.
    ///
    /// - Parameter text: 1 to 64 letters, digits and `._-`, beginning with a letter or digit; none of the top-level roles,
    ///   and not as hash bins are called.
    /// - Returns: The role.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    private static func parse(_ text: String) throws(Refusal) -> RoleName {
        func isPlain(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        let bytes = Array(text.utf8)
        if (1...64).contains(bytes.count), isPlain(bytes[0]),
            bytes.allSatisfy({ isPlain($0) || "._-".utf8.contains($0) }),
            let name = try? RoleName(text), !name.isBinName, !RoleName.topLevel.contains(name)
        {
            return name
        }
        throw Refusal(
            .usage,
            checked: "the signer \(ReferenceText.shortened(text))",
            found: "not a name for one",
            expected:
                "up to 64 letters, digits, dots, dashes and underscores, and neither the name of a role that every "
                + "repository has, nor bins-..."
        )
    }
}

/// Which of a signer's keys are used, and what is made where there are none.
struct SignerKeyOptions: ParsableArguments {
    @Option(
        name: .customLong("key"),
        help: ArgumentHelp(
            "Id of a key in the key stores, or a PEM file with its public half; may be repeated.",
            valueName: "key"
        )
    )
    var ids: [String] = []

    @Option(help: ArgumentHelp("Algorithm of a new key.", valueName: "type"))
    var keyType: KeyAlgorithmArgument?

    @Flag(help: "Store a new key without encryption: whoever can read the key store can sign.")
    var unsafeUnencrypted = false

    mutating func validate() throws {
        guard ids.isEmpty || keyType == nil else {
            throw ValidationError("--key and --key-type exclude each other.")
        }
    }

    /// The keys that were named; else those that were made for the signer of this repository before; else a new one.
    ///
    /// - Parameters:
    ///   - name: The signer.
    ///   - repository: The signed name of the repository.
    ///   - signers: The key stores.
    ///   - stores: The same, for keys that are named.
    ///   - home: Has the user's own store.
    ///   - console: Told of a new key.
    /// - Returns: The keys.
    /// - Throws: ``Refusal``.
    func keys(
        of name: RoleName,
        repository: String,
        _ signers: any SignerSource,
        _ stores: KeyStoreOptions,
        _ home: TrustHome,
        _ console: Console
    ) async throws(Refusal) -> [TUFKey] {
        guard ids.isEmpty else {
            var keys: [TUFKey] = []
            for id in ids {
                keys.append(try await NamedKey.find(id, in: stores.stores(home), option: "--key"))
            }
            return keys
        }
        if keyType == nil, let present = try await signers.keys(for: name, repository: repository).last {
            return [present]
        }
        let key = try await signers.makeKey(
            for: name,
            repository: repository,
            algorithm: keyType?.algorithm ?? .ecdsaP256
        )
        console.note(SafeText.escaped("made the \(name) key \(key.computedID)"))
        return [key]
    }
}
