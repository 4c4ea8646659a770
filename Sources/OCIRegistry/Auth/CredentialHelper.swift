import CanonicalJSON
import TrustCrypto
import TrustTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Asks a docker credential helper: `docker-credential-NAME get`, the server on standard input, JSON on standard output.
struct CredentialHelper: Sendable {
    /// Programs and their search path.
    let environment: [String: String]

    /// How long a helper may take; it may have to ask its user to unlock something.
    let timeout: Duration

    /// The longest answer, in bytes.
    static let maximumOutput = 65_536

    init(environment: [String: String], timeout: Duration = .seconds(60)) {
        self.environment = environment
        self.timeout = timeout
    }

    /// Asks for the credential of a server.
    ///
    /// - Parameters:
    ///   - server: What docker calls the registry.
    ///   - name: The helper's name, without its prefix.
    /// - Returns: nil when the helper has none.
    /// - Throws: `helperNotFound`, `helperFailed`, `helperTimedOut`, `helperMalformed`, cancellation.
    func credential(for server: String, from name: String) async throws(RegistryAuthError) -> RegistryCredential? {
        // A name with a slash would be a path, and a dash at the front does no harm after the prefix.
        guard (1...128).contains(name.utf8.count),
            name.utf8.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || "-_.".utf8.contains($0) }),
            let program = ProgramSearch.find("docker-credential-\(name)", in: environment)
        else { throw .helperNotFound(name) }
        let result: ChildProcess.Output
        do throws(ChildProcess.Failure) {
            result = try await ChildProcess(
                program: program,
                arguments: ["get"],
                environment: environment,
                input: Array(server.utf8),
                maximumOutput: Self.maximumOutput,
                timeout: timeout
            ).run()
        } catch {
            switch error {
            case .timedOut: throw .helperTimedOut(name)
            case .outputTooLong: throw .helperMalformed(name)
            case .cancelled: throw .transport(TransportError(.cancelled))
            case .notStarted(let number):
                let words = strerror(number).map { String(cString: $0) } ?? "system error \(number)"
                throw .helperFailed(name, message: "could not be started: \(words)")
            }
        }
        guard result.status == .exited(0) else {
            let message = Self.message(result)
            if Self.meansNotFound(message) {
                return nil
            }
            throw .helperFailed(name, message: message.isEmpty ? result.status.description : message)
        }
        return try Self.decode(result.output, from: name)
    }

    /// The fixed texts of docker's helper library, which every helper uses to say that it has nothing.
    private static func meansNotFound(_ message: String) -> Bool {
        ["credentials not found in native keychain", "no credentials server URL", "no credentials username"]
            .contains(message)
    }

    /// What a failed helper said, on standard output as the protocol has it, else on standard error.
    ///
    /// An object on standard output may be a credential after all, so it is not repeated.
    private static func message(_ result: ChildProcess.Output) -> String {
        for bytes in [result.output, result.errors] {
            let text = String(decoding: bytes.prefix(512), as: UTF8.self)
            let trimmed = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
            if !trimmed.isEmpty, !trimmed.contains("{") {
                var line = Substring(trimmed)
                while line.last?.isWhitespace == true { line = line.dropLast() }
                return String(line)
            }
        }
        return ""
    }

    private static func decode(_ output: [UInt8], from name: String) throws(RegistryAuthError) -> RegistryCredential? {
        let root: JSONNode
        do throws(JSONError) {
            root = try JSONDocument(parsing: output, limits: JSONLimits(maximumBytes: maximumOutput)).root
        } catch {
            throw .helperMalformed(name)
        }
        guard let username = root["Username"]?.string, let secret = root["Secret"]?.string else {
            throw .helperMalformed(name)
        }
        if username == "<token>" {
            return .identityToken(AuthSecret(secret))
        }
        if username.isEmpty, secret.isEmpty {
            return nil
        }
        guard !username.utf8.contains(UInt8(ascii: ":")) else { throw .helperMalformed(name) }
        return .basic(username: username, password: AuthSecret(secret))
    }
}
