import CanonicalJSON
import TUF
import Testing
import TrustTestSupport

/// Every field of every role is removed, retyped, enlarged and emptied in turn, and signed by the right keys: each has its
/// one answer.
@Suite struct FieldTests {
    private let repository = RepositorySimulator()

    @Test(arguments: SwizzledRepository.roles)
    func everyField(_ role: RoleName) throws {
        let swizzled = SwizzledRepository()
        let judge = try swizzled.judge(role)
        let signed = swizzled.signed(role)
        let fields = swizzled.fields(role)
        #expect(judge(swizzled.file(role, with: signed)) == nil)
        var count = 0
        for field in fields {
            for value in Swizzler.values {
                guard let changed = Swizzler.setting(field.path[...], of: signed, to: value) else { continue }
                let found = judge(swizzled.file(role, with: changed))
                // A macro for each of thousands of cases would take longer than they do.
                if !Self.same(found, field.refusal(value)) {
                    Issue.record("\(field.name) = \(value.map { "\($0)" } ?? "nothing"): \(String(describing: found))")
                }
                count += 1
            }
        }
        #expect(count == fields.count * Swizzler.values.count)
        // The table is complete: there is no field that it does not name.
        let named = Set(fields.map(\.path))
        for path in Swizzler.paths(in: signed) where !Self.isLaterElement(path) {
            #expect(named.contains(path) || path.starts(with: ["x-unknown"]), "\(path.joined(separator: "."))")
        }
    }

    /// Whether the path is of an element that the first one of its array stands for.
    private static func isLaterElement(_ path: [String]) -> Bool {
        path.dropLast().last != "roles" && Int(path[path.count - 1]).map { $0 > 0 } == true
    }

    /// Equality but for the length that a file happens to have.
    private static func same(_ found: TUFError?, _ expected: TUFError?) -> Bool {
        if case .lengthMismatch(let role, let length, _)? = found,
            case .lengthMismatch(role, length, _)? = expected
        {
            return true
        }
        return found == expected
    }

    @Test(arguments: RoleName.topLevel)
    func otherRolesFiles(_ role: RoleName) {
        let judge = Judge(repository)
        for other in RoleName.topLevel where other != role {
            // Signed by the right key, and still another role's metadata.
            let file = RepositorySimulator.envelope(
                .object(repository.signed(other)),
                signedBy: repository.currentSigners(role)
            )
            #expect(judge.refusal(of: file, as: role) == .wrongType(role: role, found: other.string))
        }
    }

    @Test(arguments: [
        "1.0", "1.0.0", "1.0.34", "1.34", "1.999999999.999999999", "1.0.00", "1.00",
    ])
    func goodSpecVersions(_ version: String) {
        #expect(specVersionRefusal(version) == nil)
    }

    @Test(arguments: [
        "", "1", "1.", "1..0", ".1.0", "1.0.0.0", "2.0.0", "2.0", "0.9", "10.0.0", "01.0.0", "1.0.x", "v1.0.0",
        "1.0.0-rc1",
        "1.0.0+x", " 1.0.0", "1.0.0 ", "1.0\n", "-1.0.0", "1.-1", "1.0.1234567890", "１.0.0", "1,0", "1.0.0.",
        "1.0\u{301}",
    ])
    func badSpecVersions(_ version: String) {
        #expect(specVersionRefusal(version) == .unsupportedSpecVersion(role: .targets, found: version))
    }

    private func specVersionRefusal(_ version: String) -> TUFError? {
        let judge = Judge(repository)
        var signed = repository.signed(.targets)
        signed["spec_version"] = .string(version)
        let file = RepositorySimulator.envelope(.object(signed), signedBy: [.of(.targets)])
        return judge.refusal(of: file, as: .targets)
    }
}
