import Testing

@testable import TrustTransport

@Suite struct IPAddressTests {
    @Test(
        arguments: [
            ("0.0.0.0", [0, 0, 0, 0]),
            ("192.0.2.255", [192, 0, 2, 255]),
            ("::", [UInt8](repeating: 0, count: 16)),
            ("::1", [UInt8](repeating: 0, count: 15) + [1]),
            ("1::", [0, 1] + [UInt8](repeating: 0, count: 14)),
            ("2001:db8::a:0:B", [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0xa, 0, 0, 0, 0xb]),
            ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]),
            ("1:2:3:4:5:6:7::", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]),
            ("::ffff:192.0.2.1", [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 192, 0, 2, 1]),
        ] as [(String, [UInt8])]
    )
    func reads(text: String, bytes: [UInt8]) {
        #expect(IPAddress(text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.", ".1.2.3", "1.2.3.4 ", "-1.2.3.4", "1.2.3.0x4",
        "1..2.3",
        ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "1::2::3", "12345::", "g::", "::1%eth0",
        "[::1]",
        "1:", ":1", "::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "localhost",
    ])
    func refuses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.0", 24, true), ("192.0.3.7", "192.0.2.0", 24, false),
        ("192.0.3.7", "192.0.2.0", 23, true),
        ("10.1.2.3", "0.0.0.0", 0, true), ("10.1.2.3", "10.1.2.3", 32, true), ("10.1.2.2", "10.1.2.3", 32, false),
        ("10.1.2.3", "10.1.2.3", 33, false), ("2001:db8::9", "2001:db8::", 32, true),
        ("2001:db9::9", "2001:db8::", 32, false),
        ("::1", "0.0.0.0", 0, false),
    ])
    func knowsNetworks(address: String, network: String, length: Int, isInside: Bool) throws {
        let address = try #require(IPAddress(address))
        let network = try #require(IPAddress(network))
        #expect(address.isInside(network: network, prefixLength: length) == isInside)
    }
}
