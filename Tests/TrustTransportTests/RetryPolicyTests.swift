import HTTPTypes
import Testing

@testable import TrustTransport

@Suite struct RetryPolicyTests {
    @Test(arguments: [
        (200, false, false), (301, false, false), (400, false, false), (401, false, false), (403, false, false),
        (404, false, false), (408, true, false), (409, false, false), (429, true, true), (500, true, false),
        (501, false, false), (502, true, false), (503, true, false), (504, true, false), (505, false, false),
    ])
    func statuses(code: Int, idempotent: Bool, other: Bool) {
        let policy = RetryPolicy()
        #expect(policy.isRetryable(HTTPResponse.Status(code: code), isIdempotent: true) == idempotent)
        #expect(policy.isRetryable(HTTPResponse.Status(code: code), isIdempotent: false) == other)
    }

    @Test(
        arguments: [
            (.unreachable(.refused), true, true), (.unreachable(.noRoute), true, true),
            (.timeout(.connect), true, true),
            (.unreachable(.connectionLost), true, false), (.unreachable(.system), true, false),
            (.timeout(.idle), true, false),
            (.unreachable(.nameNotResolved), false, false), (.unreachable(.proxy), false, false),
            (.timeout(.total), false, false), (.tls(.certificate), false, false), (.tls(.hostname), false, false),
            (.tls(.handshake), false, false), (.tooLarge(limit: 1), false, false),
            (.badResponse(.malformed), false, false),
            (.requestBody, false, false), (.configuration, false, false), (.cancelled, false, false),
            (.insecure, false, false),
            (.invalidURL, false, false),
        ] as [(TransportError.Kind, Bool, Bool)]
    )
    func failures(kind: TransportError.Kind, idempotent: Bool, other: Bool) {
        let policy = RetryPolicy()
        #expect(policy.isRetryable(kind, isIdempotent: true) == idempotent)
        #expect(policy.isRetryable(kind, isIdempotent: false) == other)
    }

    struct Case: Sendable {
        var attempt = 1
        var retryAfter: Duration?
        var timeLeft: Duration = .seconds(60)
        var random = 0.0
        var expected: Duration?
    }

    @Test(arguments: [
        Case(expected: .milliseconds(125)),
        Case(random: 0.5, expected: .milliseconds(187.5)),
        Case(attempt: 2, expected: .milliseconds(250)),
        Case(attempt: 3, expected: .milliseconds(500)),
        // the attempts are used up
        Case(attempt: 4, expected: nil),
        Case(attempt: 0, expected: nil),
        // no time left
        Case(timeLeft: .milliseconds(125), expected: nil),
        Case(timeLeft: .zero, expected: nil),
        Case(timeLeft: .seconds(-1), expected: nil),
        // the server's wish
        Case(retryAfter: .seconds(30), expected: .seconds(30)),
        Case(retryAfter: .seconds(30), random: 0.5, expected: .seconds(31.5)),
        Case(retryAfter: .seconds(59), random: 0.5, expected: .seconds(59)),
        Case(retryAfter: .seconds(60), expected: nil),
        Case(retryAfter: .seconds(1_000_000_000_000_000), expected: nil),
        Case(retryAfter: .zero, expected: .milliseconds(125)),
    ])
    func delays(_ example: Case) {
        let delay = RetryPolicy().delay(
            afterAttempt: example.attempt,
            retryAfter: example.retryAfter,
            timeLeft: example.timeLeft,
            random: example.random
        )
        #expect(delay == example.expected)
    }

    @Test func delaysAreCapped() {
        let policy = RetryPolicy(maximumAttempts: .max, baseDelay: .seconds(1), maximumDelay: .seconds(8))
        for (attempt, seconds) in [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 4), (1_000_000, 4)] {
            let delay = policy.delay(afterAttempt: attempt, retryAfter: nil, timeLeft: .seconds(60), random: 0)
            #expect(delay == .seconds(seconds))
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("120", 120), (" 7 ", 7), ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
            ("Sunday, 06-Nov-94 08:50:37 GMT", 60),
            ("Sun Nov  6 08:50:37 1994", 60), ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Sat, 05 Nov 1994 08:49:37 GMT", 0),
            ("-1", nil), ("+1", nil), ("1.5", nil), ("", nil), ("soon", nil), ("99999999999999999999", nil),
            ("Sun, 06 Nov 1994 08:49:37 CET", nil), ("Sun, 06 Nov 1994 08:49:37", nil),
            ("Sun, 32 Nov 1994 08:49:37 GMT", nil),
            ("Sun, 06 Foo 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:49:37 GMT", nil),
            ("Sun, 06 Nov 94 08:49:37 GMT", nil),
            ("Sun, 06 Nov 1994 8:49:37 GMT", nil),
        ] as [(String, Int?)]
    )
    func retryAfter(value: String, seconds: Int?) {
        #expect(RetryAfter.delay(value, now: 784_111_777) == seconds.map { .seconds($0) })
    }

    @Test(arguments: [
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000),
        ("Fri, 31 Dec 1999 23:59:60 GMT", 946_684_800), ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
        ("Friday, 31-Dec-69 00:00:00 GMT", 3_155_673_600), ("Friday, 31-Dec-70 00:00:00 GMT", 31_449_600),
    ])
    func dates(text: String, seconds: Int64) {
        #expect(HTTPDate.unixSeconds(text) == seconds)
    }
}
