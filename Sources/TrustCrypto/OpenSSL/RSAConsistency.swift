import COpenSSL

extension RSA {
    /// Whether the numbers of a private key belong together (RFC 8017 §3.2): n = p q, e d = 1 modulo p - 1 and q - 1,
    /// dP = d mod (p - 1), dQ = d mod (q - 1), q qInv = 1 mod p.
    ///
    /// libcrypto does not look: with wrong primes it would sign by way of d alone, and show the caller's key as sound.
    /// Whether p and q are primes is not asked, which takes seconds for long keys; trying the key out tells.
    static func belongTogether(_ numbers: PrivateNumbers, in bytes: Span<UInt8>) -> Bool {
        OpenSSL.attempt {
            let context = OpenSSL.require(BN_CTX_secure_new())
            defer { BN_CTX_free(context) }
            BN_CTX_start(context)
            defer { BN_CTX_end(context) }

            func read(_ range: Range<Int>) -> OpaquePointer {
                let number = OpenSSL.require(BN_CTX_get(context))
                bytes.extracting(range).withUnsafeBufferPointer {
                    OpenSSL.require(BN_bin2bn($0.baseAddress, CInt($0.count), number) != nil)
                }
                return number
            }
            let n = read(numbers.modulus)
            let e = read(numbers.publicExponent)
            let d = read(numbers.privateExponent)
            let p = read(numbers.prime1)
            let q = read(numbers.prime2)
            let coefficient = read(numbers.coefficient)
            let result = OpenSSL.require(BN_CTX_get(context))

            guard BN_mul(result, p, q, context) == 1, BN_cmp(result, n) == 0 else { return false }
            guard BN_cmp(coefficient, p) < 0, BN_mod_mul(result, q, coefficient, p, context) == 1,
                BN_is_one(result) == 1
            else { return false }
            for (prime, exponent) in [(p, read(numbers.exponent1)), (q, read(numbers.exponent2))] {
                guard BN_sub_word(prime, 1) == 1,
                    BN_mod_mul(result, d, e, prime, context) == 1, BN_is_one(result) == 1,
                    BN_div(nil, result, d, prime, context) == 1, BN_cmp(result, exponent) == 0
                else { return false }
            }
            return true
        }
    }
}
