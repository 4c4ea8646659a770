import Testing
import TrustCrypto
import TrustTestSupport

/// Time stamps of a real service, and what is made of them.
@Suite struct TimeStampTests {
    private static let digest = Digest.compute(over: Array("content".utf8).span)

    private static func authorities(_ service: TimeStampAuthority) throws -> [Certificate] {
        try Certificate.all(inPEM: Files.read(service.certificate))
    }

    @Test func aStampHoldsForItsContentAlone() async throws {
        let service = try await TimeStampAuthority()
        let authorities = try Self.authorities(service)
        let request = TimeStampRequest(Self.digest)
        let answer = try await service.answer(request.der)
        let token = try request.token(from: answer, trusting: authorities)
        let statement = try TimeStampToken(der: token.der).verify(Self.digest, trusting: authorities)
        #expect(statement.authority == "trustctl test TSA")
        #expect(statement.time > 1_700_000_000)
        let other = Digest.compute(over: Array("other".utf8).span)
        #expect(throws: TimeStampError.otherContent) { try token.verify(other, trusting: authorities) }
        #expect(throws: TimeStampError.self) { try token.verify(Self.digest, trusting: []) }
        let stranger = try Self.authorities(try await TimeStampAuthority())
        #expect(throws: TimeStampError.self) { try token.verify(Self.digest, trusting: stranger) }
        // Another question's answer, of the same service over the same content.
        #expect(throws: TimeStampError.self) {
            try TimeStampRequest(Self.digest).token(from: answer, trusting: authorities)
        }
    }

    @Test func anotherUsageIsNone() async throws {
        let service = try await TimeStampAuthority(usage: "critical,timeStamping,serverAuth")
        let request = TimeStampRequest(Self.digest)
        // The service itself may notice, too.
        guard let answer = try? await service.answer(request.der) else { return }
        #expect(throws: TimeStampError.self) {
            try request.token(from: answer, trusting: Self.authorities(service))
        }
    }

    @Test func damagedStampsAreRefused() async throws {
        let service = try await TimeStampAuthority()
        let authorities = try Self.authorities(service)
        let request = TimeStampRequest(Self.digest)
        let token = try request.token(from: await service.answer(request.der), trusting: authorities)
        for index in token.der.indices {
            var der = token.der
            der[index] ^= 1
            guard let damaged = try? TimeStampToken(der: der) else { continue }
            // Certificates that nobody needs are not looked at: then the stamp still says the same.
            let statement = try? damaged.verify(Self.digest, trusting: authorities)
            let good = try token.verify(Self.digest, trusting: authorities)
            #expect(statement == nil || statement?.time == good.time, "byte \(index)")
        }
        for length in [0, 1, token.der.count / 2, token.der.count - 1] {
            #expect(throws: TimeStampError.malformed) { try TimeStampToken(der: Array(token.der.prefix(length))) }
        }
        #expect(throws: TimeStampError.malformed) { try TimeStampToken(der: token.der + [0]) }
        #expect(throws: TimeStampError.limitExceeded) { try TimeStampToken(der: Array(repeating: 0, count: 65_537)) }
        #expect(throws: TimeStampError.malformed) { try request.token(from: [0x30, 0], trusting: authorities) }
    }

    @Test func aRefusalOfTheServiceIsOne() async throws {
        // PKIStatusInfo with rejection(2), and no token.
        let answer: [UInt8] = [0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02]
        #expect(throws: TimeStampError.refused(status: 2)) {
            try TimeStampRequest(Self.digest).token(from: answer, trusting: [])
        }
    }
}
