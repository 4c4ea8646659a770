import Synchronization
public import TUF
import TrustCrypto

extension SimulatedKey {
    /// The key of a top-level role in a repository whose test does not choose: Ed25519, since it is fast and signs the
    /// same bytes the same way.
    ///
    /// - Parameter role: The role.
    /// - Returns: One of the first four Ed25519 keys.
    public static func of(_ role: RoleName) -> SimulatedKey {
        .ed25519(RoleName.topLevel.firstIndex(of: role) ?? 0)
    }

    /// A fixed Ed25519 key. The first four are those of ``of(_:)``.
    ///
    /// - Parameter number: 0 to 15.
    /// - Returns: The key.
    public static func ed25519(_ number: Int) -> SimulatedKey { ed25519Keys[number] }

    /// A fixed ECDSA P-256 key.
    ///
    /// - Parameter number: 0 to 3.
    /// - Returns: The key.
    public static func p256(_ number: Int) -> SimulatedKey { p256Keys[number] }

    /// A fixed ECDSA P-384 key.
    public static let p384 = SimulatedKey(TestKeyFile.decode(TestKeyFile.p384))

    /// A fixed RSA key of 2048 bits, with PSS signatures.
    public static let rsa = SimulatedKey(TestKeyFile.decode(TestKeyFile.rsa))

    /// The same RSA key with PKCS #1 v1.5 signatures.
    public static let rsaPKCS1v15 = SimulatedKey(rsa.privateKey, scheme: .rsaPKCS1v15SHA256)

    /// One of any number of Ed25519 keys, none of which is among the fixed ones.
    ///
    /// - Parameter number: Which.
    /// - Returns: The key.
    public static func numbered(_ number: UInt32) -> SimulatedKey {
        numberedKeys.withLock { keys in
            let key = keys[number] ?? made(number)
            keys[number] = key
            return key
        }
    }

    // A fuzzer asks for the same few in every run.
    private static let numberedKeys = Mutex<[UInt32: SimulatedKey]>([:])

    private static func made(_ number: UInt32) -> SimulatedKey {
        let head: [UInt8] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]
        let secret = Digest.compute(.sha256, over: Array("key \(number)".utf8).span).bytes
        return SimulatedKey(TestKeyFile.decode(Base64.encode((head + secret).span)))
    }

    private static let ed25519Keys = TestKeyFile.ed25519.map { SimulatedKey(TestKeyFile.decode($0)) }
    private static let p256Keys = TestKeyFile.p256.map { SimulatedKey(TestKeyFile.decode($0)) }
}

/// The private keys of simulated repositories, as PKCS #8. They protect nothing.
private enum TestKeyFile {
    static func decode(_ base64: String) -> PrivateKey {
        do {
            return try read("-----BEGIN PRIVATE KEY-----\n\(base64)\n-----END PRIVATE KEY-----\n")
        } catch {
            preconditionFailure("a test key can be read: \(error)")
        }
    }

    private static func read(_ pem: String) throws(KeyFileError) -> PrivateKey {
        let file = Array(pem.utf8)
        return try PrivateKeyFile.decode(file.span)
    }

    static let ed25519 = [
        "MC4CAQAwBQYDK2VwBCIEIKX8HhovSRQV5cXqb8UIqdKaU4pZQjgSGsDJ2xu9KlWP",
        "MC4CAQAwBQYDK2VwBCIEIIl3Zdpq2pBbSz0OJOB4jq9EKHXrpexsq69R3v0Sku6y",
        "MC4CAQAwBQYDK2VwBCIEICK84FxBswk4bFI+H8jHfBCZreaztal4g4JmnRuWgf46",
        "MC4CAQAwBQYDK2VwBCIEIJUZ6lJT3xomZxHnBUQl5lW2AnfJ42FwqWQx8WLpGTTx",
        "MC4CAQAwBQYDK2VwBCIEIA5H88bpjvaKRLVtoZ/URe1BJIDWsWrO6VLs3i65TUiE",
        "MC4CAQAwBQYDK2VwBCIEIA0cIzSOz8yPrUMYBoAS2I4s2jPeQ0saxntkZvKjdm2R",
        "MC4CAQAwBQYDK2VwBCIEIOi1wlsefAJNh+2cHoJbf0vIWN2PEksdlVW20M0A4gmM",
        "MC4CAQAwBQYDK2VwBCIEIMfQ8xpUlS0VVEHRHPHICUT4WacZ083KouK5NJ1S8eay",
        "MC4CAQAwBQYDK2VwBCIEICagGQfWW9gC+IJ02nqR17UtFSGzz0kRb+4lVqyJZEIk",
        "MC4CAQAwBQYDK2VwBCIEIAcK+hv7dRTKoqkGEUtIgFOrKfhC3tiOUfC6+McHFkTY",
        "MC4CAQAwBQYDK2VwBCIEIAUc2DZRxkzOg7NDWe2njNqlTcKND7w0GLtTVgN6MRq2",
        "MC4CAQAwBQYDK2VwBCIEIHLPM/z/OHOiCOr6Sjy9bTAn1IA4i/PvKmb8kB9Gm5k0",
        "MC4CAQAwBQYDK2VwBCIEIFRiGACoQV9OcIsZ32obtfniJMZnCbx+TyvRGV69yN9+",
        "MC4CAQAwBQYDK2VwBCIEIF0pbBCp4z0Q3QIhpPlCLV4QSJtusdmbNQqbrxVM479+",
        "MC4CAQAwBQYDK2VwBCIEIGlYpC/y91Y8U7G8S4eXt/rk5Vnx1gIAeKIvLd/ALhTt",
        "MC4CAQAwBQYDK2VwBCIEIJL0/GxcwhDoqIqPH0YRzOVdWCkEhe6IadlkNVvHyEyW",
    ]

    static let p256 = [
        """
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNUjMk8C6SWE0Z3ko
        TDwoZVQ2IvMIWz8WQk7BpkxB1P+hRANCAATDqVRkCdlxh/AI5m60Hkz4SeC6MyIq
        4JxlJbqsUi+Wa5QF7VNiWo8XkQMO5BInVo1HhBBzl7Qru+X9nSxlVhyj
        """,
        """
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdAIcXaYGgz63W30C
        ERfknKSjclY3tYi6O1VEc7NBSgehRANCAASOF1iFjJeRaQHLT7qEp7qXBruHYP7h
        drlv8Vp0ifEh6hSFegudaLhZSUygXx+eItqkBV5QWiKyJYjsBSynbwqs
        """,
        """
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6TjSfz3bcKhz6R4y
        ZKFIjHR39JmopNEXApoMogCAVXahRANCAATrUOq9pQb/EtT40KBNGIDCdPw3sp4p
        ErKmfkYmFwpDzNx4A8HSpn9blP94UH/tTCijLqmvm3QcCy1TcylTEzU+
        """,
        """
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQS1cYZUBnR8yKGmA
        7fGONwUjXr6MiF3LILr9RuQJhlqhRANCAAShhRz8p6gcS06q69aCFyMB5vSPx1P9
        EKVP+GyoT4vEyuC+vFtME4wBpbgd4gSRwkTSfpEgilubputPVxFOlcxd
        """,
    ]

    static let p384 = """
        MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBpCUpVGSEEL7cf3oE5
        W5DdKpAgNakO2ULPk+rhzNMvMNG/U2vZajvpP7LnCKrk9jOhZANiAARaVYO4Sa5T
        I8FPsBXKM669Sbgr80nqe0lvDbthwIXl9y9MXgsrcetF/7YhsoQC3w8i5R9NPOrK
        ib8WyEbtlUZAhNR5jOfq9Mx6Q27xCmMuFWoySReQGSuqBWBmjvmw1YU=
        """

    static let rsa = """
        MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDZUtvxGPARgLXK
        8wnCwmkdCJIyjGORYDzd70JJ7QTJaB2mDIjKtRAdnQMUgUn3JGTNI4Vt4pfGMX/R
        OFIhuNSbFJsNUYMpazpPWYBtyjqNLUc4HF+FaXtQdSbVgsrmIChUFKT4qLuKLoSM
        wWUXQOEkqvDwOexvegj3bbyUbrTML5OxW7krQeFhdOUYdCLbYINqzaJ949SQSL8y
        2nBcixF6YW0KCeEPXzHhR/7LJwcN9Ox1nJQvMr+k+4m+Us6hzoIKetRd1Kw+Nh/M
        G2RToEwqw2yz1nkUVoX5jXy/uqsF5vA2SNiBEwGApPREfN8VjiQ2wiJ4gHHKoZhp
        XgEild3rAgMBAAECggEABYO7vwdx+A+7DTZTlhSW1DzGcO/tCuBVSxBqLzQLfgzd
        S7xfsD0d9pJoZJnPRa0vvaDcHui0DzxsUOPL+b0V8AV61cCuwltNNHxB7QdHqxNu
        DjdyGRGPJoCChsJ14ZcJTvDjKsglUiFSDbxOk2N7ExIfYQknPcDr/1NSiLWycsfq
        Tex1CgUeH+IR0iNRgnlYy2qhQoMcW9V4NKLoch2cNQkwpue85GZGCOSOVZnmEkeM
        8DP/4HcfkcxXKIUPy5Igxa7oAJY6XufqWg+WzVlKmKiWKWuLt40aqEYrviSyQ7Ch
        2qHS9ZcloKJwvXMa0hQerqcMiKvdfnD33AGGS3ItGQKBgQD0zAvupIF9InQwEZRk
        cUDe/qtNfRT+brSgwqoKWntxGftSMghtR2McPIOGz8+xiY/KW4kHDhmohlOa2ItL
        b/l/OTUrwOBRQ+IY/cteunco8G9GMS7tjyd3wcw5NohIJ/9OoKVhJzLRMoxeOfK4
        vuI5AUmbZqpkpY98+oT5+6eLhwKBgQDjRPG9haZajEAFgTvadp1eaq7tiNUq9buF
        aCqwqidIiDUzTiupo3nJHElvzIIGhOpBsnw3nyx7MSR57PsIj+aB2I6FIZ07jcHm
        LK+jjIX4mDQBQZVb8DLfNVGAcoAP/QQuFv8fY2dQNDlRP11P36+mbu5qeuoxHoi/
        YbQwuFSbfQKBgFHxo+TkqHvs9pvIprXgu2hqM4mi3040XL6bqzQACeZYXiqrmOqL
        xP+Eujp8gffaJooEjiAQdkJVhNMGvcoo14ng6o2U6QILCTp4aoVxQcYwhe8nM6BO
        FVYfR2+3c3NEAFCfsfyNlJM2qoo4N6nkK/INHkio200JpridW7oapYEtAoGAb4Vi
        Vkyh7+bId6sN0srHuBADnJ27dKQ2i2UtJZmpQydLa8ydElYcqboOsySYXViVlv1d
        hPG/owffTVEjcfUi+G5qqRtwi0upbShaW5fWGcGeK0uiXgYFAJCqWKxW+QGALpms
        QRvHE4083wiH4mzyRWpD5c5A4y+HjNoF0K5zHgUCgYAX0zN184mYK2cvvTOxfGZk
        +2c2X2L7GHYWaXK076x04u5dS7qSmZF5+ZWdC0CFDOIuX05Fjh1V11m8wXLraIxF
        PrzrpMYT3KRCwt4rqAwbD6Pfe8jzRJise3QBR4SP6X9SaXcu7DSGX992oFmtESvQ
        pk/yteXV+X50gE2o7Yeh3A==
        """
}
