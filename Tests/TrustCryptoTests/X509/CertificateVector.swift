import Testing

@testable import TrustCrypto

/// The root certificate of the Notary v1 vectors, which stock Go programs take.
enum CertificateVector {
    static let pem = """
        -----BEGIN CERTIFICATE-----
        MIIBZjCCAQ2gAwIBAgIQAQIDBAUGBwgJCgsMDQ4PEDAKBggqhkjOPQQDAjAaMRgw
        FgYDVQQDEw9leGFtcGxlLmNvbS9hcHAwHhcNMjQwMTAxMDAwMDAwWhcNMzMxMjI5
        MDAwMDAwWjAaMRgwFgYDVQQDEw9leGFtcGxlLmNvbS9hcHAwWTATBgcqhkjOPQIB
        BggqhkjOPQMBBwNCAAQCF+YX8LZEOSgnj5aZnmmiOk8sFSvfbWzfZuW4AoLU7RlK
        fevLl3EtLdo8qFqodlpW9F/HWFmWUvKJfGUwbleUozUwMzAOBgNVHQ8BAf8EBAMC
        BaAwEwYDVR0lBAwwCgYIKwYBBQUHAwMwDAYDVR0TAQH/BAIwADAKBggqhkjOPQQD
        AgNHADBEAiBQhhl6s5h8jHIiWZNcAA8z9/0g4VF/U37Hi7ppK/tuYgIgUYKW35wx
        05pE6ju8OCpwLxY5EL4Pd4KszHmOI6wov2A=
        -----END CERTIFICATE-----

        """

    static let pemBytes = Array(pem.utf8)

    static func certificate() throws -> Certificate { try #require(try Certificate.all(inPEM: pemBytes).first) }

    /// 2024-01-01 and 2033-12-29, at midnight.
    static let notBefore: Int64 = 1_704_067_200
    static let notAfter: Int64 = 2_019_427_200

    /// The root key: the scalar is 32 bytes of 0x11.
    static func key() throws -> PrivateKey {
        let scalar = [UInt8](repeating: 0x11, count: 32)
        return try PrivateKey(curve: .p256, key: EllipticCurve.p256.privateKey(scalar: scalar.span))
    }
}
