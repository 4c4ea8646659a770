import ArgumentParser
import ContentTrust
import KeyStorage
import TUF
import TrustCrypto

/// A key store as options name it: a directory of this program's, or `docker:DIR`, one of docker's or notary's.
enum KeyStoreArgument {
    private static let dockerPrefix = "docker:"

    static func isDocker(_ text: String) -> Bool { text.utf8.starts(with: dockerPrefix.utf8) }

    /// Demands a directory.
    static func validate(_ text: String, option: String) throws {
        guard !text.isEmpty, text != dockerPrefix else {
            throw ValidationError("\(option) needs a directory, or docker: and one, such as docker:~/.docker/trust.")
        }
    }

    /// The store; nothing was looked at but its place.
    static func store(_ text: String) -> any KeyStore {
        guard isDocker(text) else { return FileKeyStore(directory: text) }
        let directory = String(text.dropFirst(dockerPrefix.count))
        return DockerKeyStore(directory: Environment.current.expandingTilde(directory))
    }
}

/// Where private keys are.
struct KeyStoreOptions: ParsableArguments {
    @Option(
        name: .customLong("key-store"),
        help: ArgumentHelp(
            "Further key store, such as one on another medium, or docker:DIR for docker's or notary's; may be repeated.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var directories: [String] = []

    mutating func validate() throws {
        for directory in directories { try KeyStoreArgument.validate(directory, option: "--key-store") }
    }

    /// The user's own store and the further ones.
    ///
    /// - Parameters:
    ///   - home: Has the user's own.
    ///   - isNotary: Whether the keys are for a Notary server. New ones then go to docker's store, if one is named: docker
    ///     and notary, whose collection it is, find them nowhere else.
    /// - Returns: The stores; nothing was looked at.
    func stores(_ home: TrustHome, isNotary: Bool = false) -> KeyStoreSet {
        let own = FileKeyStore(directory: home.keys)
        let dockers = directories.filter(KeyStoreArgument.isDocker)
        guard isNotary, dockers.count == 1 else {
            return KeyStoreSet(primary: own, additional: directories.map(KeyStoreArgument.store))
        }
        let others = directories.filter { !KeyStoreArgument.isDocker($0) }
        return KeyStoreSet(
            primary: KeyStoreArgument.store(dockers[0]),
            additional: others.map(KeyStoreArgument.store),
            own: own
        )
    }
}

extension KeyStoreOptions {
    /// What is to be said of new keys that docker does not find, though its store is named: keys without encryption do not
    /// go there, and of several stores none is the one.
    ///
    /// - Parameters:
    ///   - made: The new keys.
    ///   - unencrypted: Whether they are stored without encryption.
    ///   - location: Where they publish to.
    /// - Returns: The lines for standard error, escaped.
    func handOver(_ made: [TUFKey], unencrypted: Bool, at location: StoreLocation?) -> [String] {
        let dockers = directories.filter(KeyStoreArgument.isDocker)
        guard location?.dialect == .notary, !dockers.isEmpty, unencrypted || dockers.count > 1 else { return [] }
        return made.compactMap(\.publicKey).map { key in
            let id = TUFKey(publicKey: key, scheme: key.defaultScheme).computedID
            return "a new key is in trustctl's own key store, where docker and notary do not look; to hand it over: "
                + "trustctl key export \(id) --format notary --output FILE, and notary key import FILE"
        }
    }
}

/// Where passphrases come from, after the environment variables and before the terminal.
struct PassphraseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("File with the passphrase on its first line.", valueName: "file"),
        completion: .file()
    )
    var passphraseFile: String?

    @Option(help: ArgumentHelp("Open file descriptor to read the passphrase from.", valueName: "number"))
    var passphraseFd: Int32?

    @Option(
        help: ArgumentHelp(
            "Program that prints it, called with role, repository, key id and existing or new.",
            valueName: "program"
        ),
        completion: .file()
    )
    var passphraseHelper: String?

    mutating func validate() throws {
        guard passphraseFd.map({ $0 >= 0 }) ?? true else {
            throw ValidationError("--passphrase-fd needs a number from 0.")
        }
    }

    /// The sources, in the order in which they are asked.
    func source(_ context: CommandContext) -> PassphraseChain {
        PassphraseChain(
            [EnvironmentPassphrases(context.environment.variables)] + named(context) + [TerminalPassphrases()]
        )
    }

    /// The sources that the options name.
    func named(_ context: CommandContext) -> [any PassphraseSource] {
        var sources: [any PassphraseSource] = []
        if let passphraseFile { sources.append(PassphraseInput.file(passphraseFile, context)) }
        if let passphraseFd { sources.append(LinePassphrase(descriptor: passphraseFd)) }
        if let passphraseHelper {
            sources.append(
                HelperPassphrases(program: passphraseHelper, environment: context.environment.forPrograms)
            )
        }
        return sources
    }
}

/// Passphrases from files.
enum PassphraseInput {
    /// The first line of a file; a file that others can read is worth a warning.
    static func file(_ path: String, _ context: CommandContext) -> LinePassphrase {
        LinePassphrase(file: path) { warning in
            switch warning {
            case .readableByOthers(let path, let permissions):
                let mode = String(permissions, radix: 8)
                context.console.note(
                    context.console.style.warning("warning")
                        + " \(SafeText.escaped(path)) can be read by others (mode \(mode))"
                )
            }
        }
    }
}

/// The keys of a publisher, and what opens them.
struct KeyOptions: ParsableArguments {
    @OptionGroup var stores: KeyStoreOptions
    @OptionGroup var passphrases: PassphraseOptions

    /// The private keys.
    ///
    /// - Parameters:
    ///   - home: Has the user's own key store.
    ///   - context: Has the environment.
    ///   - unencryptedUnsafe: Whether new keys are stored without encryption.
    ///   - isNotary: Whether they are for a Notary server.
    /// - Returns: The keys; none is opened.
    func signers(
        _ home: TrustHome,
        _ context: CommandContext,
        unencryptedUnsafe: Bool = false,
        isNotary: Bool = false
    ) -> KeyStoreSigners {
        KeyStoreSigners(
            stores: stores.stores(home, isNotary: isNotary),
            passphrases: passphrases.source(context),
            unencryptedUnsafe: unencryptedUnsafe ? FileKeyStore(directory: home.keys) : nil
        )
    }
}
