/// A certificate authority for one test, made with `openssl`, and a server certificate for 127.0.0.1 and localhost.
public struct CertificateAuthority: Sendable {
    /// The directory that holds all of it; `ca.crt` alone is what clients get.
    public let directory: TemporaryDirectory
    /// The PEM file of the authority's certificate.
    public var certificate: String { directory.file("clients/ca.crt") }
    /// A directory that holds nothing but `ca.crt`, as `skopeo --dest-cert-dir` and docker want it.
    public var clientDirectory: String { directory.file("clients") }
    /// The PEM file of the server's certificate.
    public var serverCertificate: String { directory.file("server.crt") }
    /// The PEM file of the server's private key.
    public var serverKey: String { directory.file("server.key") }

    /// Makes the authority and the server certificate, both good for two days.
    ///
    /// - Parameter names: The subject alternative names of the server, as openssl writes them.
    /// - Throws: `ProcessError` when openssl fails, `FixtureError` when there is no place for the files.
    public init(names: [String] = ["IP:127.0.0.1", "DNS:localhost"]) async throws {
        directory = try TemporaryDirectory("trustctl-test-ca")
        try directory.makeDirectory("clients")
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        try await runSuccessfully(
            Command(
                "openssl",
                ["req", "-x509"] + curve + [
                    "-subj", "/CN=trustctl test authority", "-keyout", directory.file("ca.key"), "-out", certificate,
                    "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
                ]
            )
        )
        try await runSuccessfully(
            Command(
                "openssl",
                ["req", "-x509"] + curve + [
                    "-CA", certificate, "-CAkey", directory.file("ca.key"), "-subj", "/CN=localhost",
                    "-keyout", serverKey, "-out", serverCertificate,
                    "-addext", "subjectAltName=\(names.joined(separator: ","))",
                    "-addext", "basicConstraints=critical,CA:FALSE",
                ]
            )
        )
    }
}
