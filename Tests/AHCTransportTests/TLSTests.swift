import HTTPTypes
import Testing
import TrustTestSupport
import TrustTransport

@testable import AHCTransport

@Suite(.timeLimit(.minutes(2))) struct TLSTests {
    /// What comes of a GET: the page, or the kind of the error.
    func get(_ url: HTTPURL, trusting path: String? = nil) async throws -> Result<String, TransportError> {
        var configuration = AHCTransport.Configuration()
        if let path {
            configuration.certificateAuthorities = try CertificateAuthorities(pem: Files.read(path), name: path)
        }
        return await AHCTransport.running(configuration) { transport in
            do throws(TransportError) {
                let response = try await transport.send(HTTPRequestMessage(.get, url), limits: .test)
                return .success(String(decoding: response.body, as: UTF8.self))
            } catch {
                return .failure(error)
            }
        }
    }

    func kind(_ result: Result<String, TransportError>) -> TransportError.Kind? {
        if case .failure(let error) = result { error.kind } else { nil }
    }

    @Test func aPrivateAuthority() async throws {
        let authority = try await CertificateAuthority()
        let server = try await TLSServer(authority)
        for host in ["127.0.0.1", "localhost"] {
            let page = try await get(server.url(host: host), trusting: authority.certificate).get()
            #expect(page.contains("Cipher"), "\(host)")
        }
        #expect(kind(try await get(server.url())) == .tls(.certificate))
        let stranger = try await CertificateAuthority()
        #expect(kind(try await get(server.url(), trusting: stranger.certificate)) == .tls(.certificate))
    }

    @Test func anotherName() async throws {
        let authority = try await CertificateAuthority(names: ["DNS:registry.test", "IP:127.0.0.2"])
        let server = try await TLSServer(authority)
        for host in ["127.0.0.1", "localhost"] {
            #expect(
                kind(try await get(server.url(host: host), trusting: authority.certificate)) == .tls(.hostname),
                "\(host)"
            )
        }
    }

    @Test(arguments: [("20490101000000Z", nil), ("20200102000000Z", TransportError.Kind.tls(.certificate))])
    func expiry(end: String, expected: TransportError.Kind?) async throws {
        let directory = try TemporaryDirectory()
        let files = ["key", "request", "certificate", "database", "serial", "ca.conf"].map(directory.file)
        let configuration = """
            [ca]
            default_ca = here
            [here]
            database = \(files[3])
            serial = \(files[4])
            new_certs_dir = \(directory.path)
            default_md = sha256
            policy = names
            x509_extensions = extensions
            [names]
            commonName = supplied
            [extensions]
            subjectAltName = DNS:localhost,IP:127.0.0.1
            """
        try directory.write(Array(configuration.utf8), to: "ca.conf")
        try directory.write([], to: "database")
        try directory.write(Array("01\n".utf8), to: "serial")
        let request = [
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
            "-keyout", files[0], "-out", files[1],
        ]
        try await runSuccessfully(Command("openssl", request))
        let signing = [
            "ca", "-batch", "-selfsign", "-config", files[5], "-keyfile", files[0], "-in", files[1], "-out", files[2],
            "-startdate", "20200101000000Z", "-enddate", end,
        ]
        try await runSuccessfully(Command("openssl", signing))
        let server = try await TLSServer(certificate: directory.file("certificate"), key: directory.file("key"))
        #expect(kind(try await get(server.url(), trusting: directory.file("certificate"))) == expected)
    }

    @Test(arguments: [
        (["-tls1_3"], nil), (["-tls1_2"], nil),
        (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], TransportError.Kind.tls(.handshake)),
    ])
    func versions(options: [String], expected: TransportError.Kind?) async throws {
        let authority = try await CertificateAuthority()
        let server = try await TLSServer(authority, options: options)
        #expect(kind(try await get(server.url(), trusting: authority.certificate)) == expected)
    }

    @Test func plainServersSpeakNoTLS() async throws {
        try await RawServer.serving(Faults.status("400 Bad Request")) { server in
            let url = try HTTPURL(scheme: .https, authority: server.authority)
            #expect(kind(try await get(url)) == .tls(.handshake))
        }
    }

    @Test func aTLSServerIsNotSpokenToInTheClear() async throws {
        let authority = try await CertificateAuthority()
        let server = try await TLSServer(authority)
        let result = try await get(HTTPURL(scheme: .http, authority: "127.0.0.1:\(server.port.number)"))
        let accepted: [TransportError.Kind?] = [.badResponse(.malformed), .unreachable(.connectionLost)]
        #expect(accepted.contains(kind(result)), "\(result)")
    }

    @Test func severalAuthoritiesInOneFile() async throws {
        let first = try await CertificateAuthority()
        let second = try await CertificateAuthority()
        let pem = try Array("# comment\n".utf8) + Files.read(first.certificate) + Files.read(second.certificate)
        #expect(try CertificateAuthorities(pem: pem, name: "ca.pem").certificates.count == 2)
        // Windows line ends.
        let crlf = pem.flatMap { $0 == 0x0a ? [0x0d, 0x0a] : [$0] }
        #expect(try CertificateAuthorities(pem: crlf, name: "ca.pem").certificates.count == 2)

        let server = try await TLSServer(second)
        let path = try first.directory.write(pem, to: "both.pem")
        #expect(kind(try await get(server.url(), trusting: path)) == nil)
    }

    @Test func authoritiesThatCannotBeRead() async throws {
        let authority = try await CertificateAuthority()
        let good = try Files.read(authority.certificate)
        let key = try Files.read(authority.serverKey)
        let bad: [(String, [UInt8])] = [
            ("empty", []), ("text", Array("hello".utf8)), ("key", key), ("cut", Array(good.dropLast(60))),
            ("cut at the end", good + Array(good.dropLast(60))),
            ("damaged", good.map { $0 == UInt8(ascii: "M") ? UInt8(ascii: "!") : $0 }),
            ("no certificate", Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)),
            ("large", [UInt8](repeating: 0x0a, count: CertificateAuthorities.maximumBytes + 1)),
            ("der", [0x30, 0x82, 0x01, 0x00]),
        ]
        for (name, bytes) in bad {
            do throws(TransportError) {
                _ = try CertificateAuthorities(pem: bytes, name: "ca.pem")
                Issue.record("accepted: \(name)")
            } catch {
                #expect(error.kind == .configuration)
                #expect(error.detail.hasPrefix("ca.pem: "), "\(name): \(error)")
            }
        }
    }
}
