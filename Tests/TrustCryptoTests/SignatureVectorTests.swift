import Foundation
import Testing
import TrustCrypto

/// The vectors of `fixtures/vectors`: everything that a hostile signature or key can look like.
@Suite struct SignatureVectorTests {
    struct File: Decodable {
        let groups: [Group]
    }

    struct Group: Decodable {
        let scheme: String
        let publicKey: String
        let comment: String
        let tests: [Vector]
    }

    struct Vector: Decodable {
        let comment: String
        let message: String
        let signature: String
        let valid: Bool
    }

    struct PublicKeys: Decodable {
        struct Vector: Decodable {
            let comment: String
            let spki: String
            let valid: Bool
        }

        let tests: [Vector]
    }

    @Test(arguments: ["ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-pss", "rsa-pkcs1v15"])
    func signatures(name: String) throws {
        let file = try JSONDecoder().decode(File.self, from: Data(Fixtures.bytes("vectors/\(name).json")))
        var valid = 0
        for group in file.groups {
            let scheme = try #require(SignatureScheme(rawValue: group.scheme))
            let key = try PublicKey(spkiDER: #require(Hex.decode(group.publicKey)))
            for vector in group.tests {
                let message = try #require(Hex.decode(vector.message))
                let signature = try #require(Hex.decode(vector.signature))
                #expect(
                    key.verifies(signature, message, scheme) == vector.valid,
                    "\(group.comment): \(vector.comment)"
                )
                if vector.valid { valid += 1 }
                // No other scheme takes it either.
                for other in SignatureScheme.allCases where other != scheme {
                    let isOfTheOther = vector.comment == "PSS" || vector.comment == "PKCS #1 v1.5"
                    #expect(
                        !key.verifies(signature, message, other) || isOfTheOther,
                        "\(vector.comment) as \(other)"
                    )
                }
            }
        }
        #expect(valid > 0)
    }

    @Test func publicKeys() throws {
        let file = try JSONDecoder().decode(PublicKeys.self, from: Data(Fixtures.bytes("vectors/public-keys.json")))
        for vector in file.tests {
            let spki = try #require(Hex.decode(vector.spki))
            #expect((try? PublicKey(spkiDER: spki)) != nil ? vector.valid : !vector.valid, "\(vector.comment)")
        }
    }
}
