import COpenSSL
import CTrustShims

/// RSA keys (RFC 8017).
enum RSA {
    /// What is generated, in bits.
    static let generatedBits = 2048...8192

    /// Makes a public key of its two numbers, both unsigned, big-endian, without leading zeros.
    static func publicKey(modulus: Span<UInt8>, exponent: Span<UInt8>) throws(CryptoError) -> OpenSSLKey {
        try checkPublicNumbers(modulus: modulus, exponent: exponent)
        var parameters = KeyParameters(capacity: modulus.count + exponent.count, isSecret: false)
        parameters.add("n", number: modulus)
        parameters.add("e", number: exponent)
        guard let key = parameters.makeKey(type: "RSA", selection: trustctl_EVP_PKEY_PUBLIC_KEY()) else {
            throw .malformedPublicKey
        }
        return OpenSSLKey(owning: key)
    }

    /// The modulus is odd and of a permitted size; the exponent is odd, at least 3, and at most 64 bits long, which
    /// bounds the time of a verification and is also libcrypto's limit for long moduli.
    static func checkPublicNumbers(modulus: Span<UInt8>, exponent: Span<UInt8>) throws(CryptoError) {
        let bits = bitCount(modulus)
        guard bits > 0, modulus[modulus.count - 1] & 1 == 1 else { throw .malformedPublicKey }
        guard KeyAlgorithm.rsaModulusBits.contains(bits) else { throw .rsaModulusSize(bits: bits) }
        guard (2...64).contains(bitCount(exponent)), exponent[exponent.count - 1] & 1 == 1 else {
            throw .malformedPublicKey
        }
    }

    /// - Parameter number: Big-endian, without leading zeros.
    /// - Returns: Its length in bits; 0 for a number with leading zeros or none at all.
    static func bitCount(_ number: Span<UInt8>) -> Int {
        guard number.count > 0, number[0] != 0 else { return 0 }
        return number.count * 8 - number[0].leadingZeroBitCount
    }

    /// Where in a file the numbers of a private key are (RFC 8017 §3.2, second representation).
    struct PrivateNumbers {
        let modulus: Range<Int>
        let publicExponent: Range<Int>
        let privateExponent: Range<Int>
        let prime1: Range<Int>
        let prime2: Range<Int>
        let exponent1: Range<Int>
        let exponent2: Range<Int>
        let coefficient: Range<Int>
    }

    /// Makes a private key, and tries it out: numbers that contradict each other do not sign.
    static func privateKey(_ numbers: PrivateNumbers, in bytes: Span<UInt8>) throws(CryptoError) -> OpenSSLKey {
        let modulus = bytes.extracting(numbers.modulus)
        let bits = bitCount(modulus)
        guard generatedBits.contains(bits) else { throw .rsaModulusSize(bits: bits) }
        try checkPublicNumbers(modulus: modulus, exponent: bytes.extracting(numbers.publicExponent))
        // No number of a key reaches the modulus; the primes are odd and larger than 1.
        for number in [
            numbers.privateExponent, numbers.prime1, numbers.prime2, numbers.exponent1, numbers.exponent2,
            numbers.coefficient,
        ] {
            guard (1...modulus.count).contains(number.count) else { throw .malformedPrivateKey }
        }
        for prime in [numbers.prime1, numbers.prime2] {
            guard bitCount(bytes.extracting(prime)) > bits / 4, bytes[prime.upperBound - 1] & 1 == 1 else {
                throw .malformedPrivateKey
            }
        }
        guard belongTogether(numbers, in: bytes) else { throw .malformedPrivateKey }
        var parameters = KeyParameters(capacity: 9 * modulus.count, isSecret: true)
        parameters.add("n", number: modulus)
        parameters.add("e", number: bytes.extracting(numbers.publicExponent))
        parameters.add("d", number: bytes.extracting(numbers.privateExponent))
        parameters.add("rsa-factor1", number: bytes.extracting(numbers.prime1))
        parameters.add("rsa-factor2", number: bytes.extracting(numbers.prime2))
        parameters.add("rsa-exponent1", number: bytes.extracting(numbers.exponent1))
        parameters.add("rsa-exponent2", number: bytes.extracting(numbers.exponent2))
        parameters.add("rsa-coefficient1", number: bytes.extracting(numbers.coefficient))
        guard let pointer = parameters.makeKey(type: "RSA", selection: trustctl_EVP_PKEY_KEYPAIR()) else {
            throw .malformedPrivateKey
        }
        let key = OpenSSLKey(owning: pointer)
        guard signsWhatItVerifies(key) else { throw .malformedPrivateKey }
        return key
    }

    private static func signsWhatItVerifies(_ key: OpenSSLKey) -> Bool {
        let message: [UInt8] = Array("consistency of an RSA key".utf8)
        do {
            let signature = try key.sign(message.span, digest: .sha256, padding: .pkcs1v15)
            return key.isValid(signature.span, over: message.span, digest: .sha256, padding: .pkcs1v15)
        } catch {
            return false
        }
    }

    static func generate(bits: Int) throws(CryptoError) -> OpenSSLKey {
        guard generatedBits.contains(bits) else { throw .rsaModulusSize(bits: bits) }
        let key: OpaquePointer? = OpenSSL.attempt {
            let context = OpenSSL.require(EVP_PKEY_CTX_new_from_name(nil, "RSA", nil))
            defer { EVP_PKEY_CTX_free(context) }
            var key: OpaquePointer?
            guard EVP_PKEY_keygen_init(context) == 1,
                EVP_PKEY_CTX_set_rsa_keygen_bits(context, CInt(bits)) == 1,
                EVP_PKEY_generate(context, &key) == 1
            else {
                EVP_PKEY_free(key)
                return nil
            }
            return key
        }
        guard let key else { throw .keyGenerationFailed }
        return OpenSSLKey(owning: key)
    }
}
