import Testing

@testable import TrustCommands

@Suite struct DurationArgumentTests {
    @Test(
        arguments: [
            ("90s", 90), ("15m", 900), ("36h", 129_600), ("14d", 1_209_600), ("10y", 315_360_000),
            ("100y", 3_153_600_000),
        ] as [(String, Int64)]
    )
    func reads(text: String, seconds: Int64) {
        #expect(DurationArgument(argument: text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "s", "30", "0s", "-1s", "+1s", "1.5h", "1h30m", " 1s", "1 s", "1S", "1w", "101y", "99999999999s", "１s",
        "1é",
        "9223372036854775807d",
    ])
    func refuses(text: String) {
        #expect(DurationArgument(argument: text) == nil)
    }

    @Test(arguments: ["--timeout", "--max-staleness"])
    func mistakesSayWhatIsPossible(option: String) async {
        let refused = await run("verify", "reg.io/app:1", option, "30")
        #expect(refused.status == 64)
        for part in ["'30'", option, "such as 90s, 15m", "from 1s to 100y"] {
            #expect(refused.errors.contains(part), "\(refused.errors)")
        }
    }

    @Test(
        arguments: [
            (0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (12_000, "3 h 20 min"), (172_800, "2 days"),
            (-5, "0 s"),
        ] as [(Int64, String)]
    )
    func words(seconds: Int64, text: String) {
        #expect(DurationText.words(seconds) == text)
    }
}
