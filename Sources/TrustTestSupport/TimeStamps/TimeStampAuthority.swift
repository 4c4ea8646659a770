/// A time stamping service made of the `openssl ts` command, and the authority that certifies it.
public struct TimeStampAuthority: Sendable {
    /// Holds all of it.
    public let directory: TemporaryDirectory
    /// The PEM file of the authority's certificate.
    public var certificate: String { directory.file("ca.crt") }

    /// Makes the authority, and a service that it certifies.
    ///
    /// - Parameter usage: What the service's certificate is for.
    /// - Throws: `ProcessError` when openssl fails, `FixtureError` when there is no place for the files.
    public init(usage: String = "critical,timeStamping") async throws {
        directory = try TemporaryDirectory("trustctl-test-tsa")
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        try await runSuccessfully(
            Command(
                "openssl",
                ["req", "-x509"] + curve + [
                    "-subj", "/CN=trustctl test time authority", "-keyout", directory.file("ca.key"),
                    "-out", certificate, "-addext", "basicConstraints=critical,CA:TRUE",
                    "-addext", "keyUsage=critical,keyCertSign",
                ]
            )
        )
        try await runSuccessfully(
            Command(
                "openssl",
                ["req", "-x509"] + curve + [
                    "-CA", certificate, "-CAkey", directory.file("ca.key"), "-subj", "/CN=trustctl test TSA",
                    "-keyout", directory.file("tsa.key"), "-out", directory.file("tsa.crt"),
                    "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=critical,digitalSignature",
                    "-addext", "extendedKeyUsage=\(usage)",
                ]
            )
        )
        let configuration = """
            [tsa]
            default_tsa = service
            [service]
            serial = \(directory.file("serial"))
            signer_cert = \(directory.file("tsa.crt"))
            signer_key = \(directory.file("tsa.key"))
            certs = \(certificate)
            signer_digest = sha256
            default_policy = 1.2.3.4.1
            digests = sha256
            accuracy = secs:1
            ordering = no
            tsa_name = no
            ess_cert_id_chain = no
            ess_cert_id_alg = sha256

            """
        try directory.write(Array("01\n".utf8), to: "serial")
        try directory.write(Array(configuration.utf8), to: "tsa.cnf")
    }

    /// Answers a question.
    ///
    /// - Parameter query: The TimeStampReq.
    /// - Returns: The TimeStampResp.
    /// - Throws: `ProcessError` when openssl fails.
    public func answer(_ query: [UInt8]) async throws -> [UInt8] {
        let question = try directory.write(query, to: "query.tsq")
        let answer = directory.file("answer.tsr")
        try await runSuccessfully(
            Command(
                "openssl",
                ["ts", "-reply", "-config", directory.file("tsa.cnf"), "-queryfile", question, "-out", answer]
            )
        )
        return try Files.read(answer)
    }
}
