import HTTPTypes
import Testing

@testable import OCIRegistry
@testable import TrustTestSupport

/// The token server of the tests itself.
@Suite struct TokenServerTests {
    @Test(
        arguments: [
            (
                [0x30, 6, 2, 1, 5, 2, 1, 7],
                [UInt8](repeating: 0, count: 31) + [5] + [UInt8](repeating: 0, count: 31) + [7]
            ),
            (
                [0x30, 7, 2, 2, 0, 0x85, 2, 1, 7],
                [UInt8](repeating: 0, count: 31) + [0x85] + [UInt8](repeating: 0, count: 31) + [7]
            ),
            ([0x30, 6, 2, 1, 5, 2, 1], nil), ([0x30, 5, 2, 1, 5, 2, 1, 7], nil), ([], nil),
            ([0x31, 6, 2, 1, 5, 2, 1, 7], nil),
        ] as [([UInt8], [UInt8]?)]
    )
    func signaturesBecomeRaw(der: [UInt8], raw: [UInt8]?) {
        #expect(DER.rawECDSASignature(der) == raw)
    }
}
