import Testing
import TrustCrypto
import TrustTestSupport

/// Certificates made by the `openssl` command, each with a key of its own, in a directory that goes with it.
struct CertificateWorkshop {
    private let directory: TemporaryDirectory

    /// What a certificate is made of.
    struct Order {
        var subject = "/CN=registry.example\\/app"
        var extensions: [String] = []
        var key = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        var options: [String] = ["-sha256"]
        var days = 100
    }

    static let caExtensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
    static let p521 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]
    static let ed25519 = ["-algorithm", "ED25519"]

    static func rsa(_ bits: Int) -> [String] { ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)"] }

    init() throws {
        directory = try TemporaryDirectory()
    }

    func path(_ name: String) -> String { directory.path + "/" + name }

    func pem(_ name: String) throws -> [UInt8] {
        try DurableFile.read(path(name + ".pem"), limit: 1 << 20) ?? []
    }

    /// Makes a certificate, signed by an issuer made before or by its own key.
    @discardableResult
    func make(_ name: String, issuer: String? = nil, _ order: Order) async throws -> Certificate {
        let section = ["[req]", "distinguished_name=dn", "x509_extensions=ext", "[dn]", "[ext]"] + order.extensions
        let configuration = Array((section.joined(separator: "\n") + "\n").utf8)
        try DurableFile.write(configuration.span, to: path(name + ".cnf"), mode: 0o600)
        try await runSuccessfully(Command("openssl", ["genpkey", "-out", path(name + ".key")] + order.key))
        let authority = issuer.map { ["-CA", path($0 + ".pem"), "-CAkey", path($0 + ".key")] } ?? []
        try await runSuccessfully(
            Command(
                "openssl",
                [
                    "req", "-x509", "-new", "-key", path(name + ".key"), "-out", path(name + ".pem"), "-config",
                    path(name + ".cnf"), "-subj", order.subject, "-days", "\(order.days)",
                ] + order.options + authority
            )
        )
        return try #require(try Certificate.all(inPEM: pem(name)).first)
    }

    @discardableResult
    func makeCA(_ name: String, issuer: String? = nil, _ change: (inout Order) -> Void = { _ in }) async throws
        -> Certificate
    {
        var order = Order(subject: "/CN=\(name)", extensions: Self.caExtensions, days: 1000)
        change(&order)
        return try await make(name, issuer: issuer, order)
    }
}
