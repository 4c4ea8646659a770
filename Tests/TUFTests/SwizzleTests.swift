import CanonicalJSON
import TUF
import Testing
import TrustTestSupport

/// Changes that have one answer wherever in a file they are made, in the files of all roles.
@Suite struct SwizzleTests {
    private let swizzled = SwizzledRepository()

    /// Calls `body` with the path of every member and element under `signed`.
    private func forEachPath(_ role: RoleName, _ body: ([String]) throws -> Void) rethrows {
        let paths = Swizzler.paths(in: swizzled.signed(role))
        #expect(paths.count > 8)
        for path in paths { try body(path) }
    }

    private func check(_ found: TUFError?, _ expected: TUFError?, _ path: [String]) {
        // A macro for each of thousands of cases would take longer than they do.
        if found != expected { Issue.record("\(path.joined(separator: ".")): \(String(describing: found))") }
    }

    /// Without the right signature it does not matter which field was changed, and to what: none is looked at.
    @Test(arguments: SwizzledRepository.roles)
    func tampered(_ role: RoleName) throws {
        let judge = try swizzled.judge(role)
        let signed = swizzled.signed(role)
        #expect(judge(swizzled.tampered(role, with: signed)) == nil)
        forEachPath(role) { path in
            for value in [nil, .null, 1, "x", [], [:]] as [JSONValue?] {
                guard let changed = Swizzler.setting(path[...], of: signed, to: value), changed != signed else {
                    continue
                }
                let found = judge(swizzled.tampered(role, with: changed))
                check(found, .thresholdNotMet(role: role, required: 1, valid: 0), path)
            }
        }
    }

    /// What is too deep is not read, whoever signed it.
    @Test(arguments: SwizzledRepository.roles)
    func deep(_ role: RoleName) throws {
        let judge = try swizzled.judge(role)
        forEachPath(role) { path in
            guard let changed = Swizzler.setting(path[...], of: swizzled.signed(role), to: Swizzler.abyss) else {
                return
            }
            for file in [swizzled.file(role, with: changed), swizzled.tampered(role, with: changed)] {
                check(judge(file), .notJSON(role: role, .tooDeep(limit: 64)), path)
            }
        }
    }

    /// What is too long is not read, whoever signed it.
    @Test(arguments: SwizzledRepository.roles)
    func long(_ role: RoleName) throws {
        let judge = try swizzled.judge(role)
        let limits = TUFLimits()
        let limit =
            switch role {
            case .root: limits.rootLength
            case .timestamp: limits.timestampLength
            case .snapshot: limits.snapshotLength
            default: limits.targetsLength
            }
        let value = JSONValue.string(String(repeating: "x", count: limit))
        let changed = try #require(Swizzler.setting(["x-unknown"], of: swizzled.signed(role), to: value))
        for file in [swizzled.file(role, with: changed), swizzled.tampered(role, with: changed)] {
            #expect(judge(file) == .lengthExceeded(role: role, limit: limit))
        }
    }

    /// Some readers take the first of two members of one name, some the last: so neither is taken, although the signature
    /// is that of the file without the second one.
    @Test(arguments: SwizzledRepository.roles)
    func doubleMembers(_ role: RoleName) throws {
        let judge = try swizzled.judge(role)
        let file = try JSONValue(parsing: swizzled.file(role, with: swizzled.signed(role)))
        for path in Swizzler.paths(in: file) where Int(path[path.count - 1]) == nil {
            for first in [true, false] {
                let text = Swizzler.doubling(path, of: file, first: first)
                check(judge(Array(text.utf8)), .notJSON(role: role, .duplicateKey(path[path.count - 1])), path)
            }
        }
    }

    /// The order of members is not signed, and means nothing.
    @Test(arguments: SwizzledRepository.roles)
    func orderOfMembers(_ role: RoleName) throws {
        let file = try JSONValue(parsing: swizzled.file(role, with: swizzled.signed(role)))
        let text = Swizzler.reversed(file)
        #expect(Array(text.utf8) != file.jsonBytes(pretty: false))
        #expect(try JSONValue(parsing: Array(text.utf8)) == file)
        #expect(try swizzled.judge(role)(Array(text.utf8)) == nil)
    }

    /// The order and number of elements is signed. Where it was signed so, only a role that is listed twice is one too many:
    /// key ids, patterns and prefixes that are listed twice count once.
    @Test(arguments: SwizzledRepository.roles)
    func elements(_ role: RoleName) throws {
        let judge = try swizzled.judge(role)
        let signed = swizzled.signed(role)
        var count = 0
        forEachPath(role) { path in
            guard let array = path.reduce(signed as JSONValue?, { Self.child($1, of: $0) })?.array else { return }
            for changed in [array.reversed(), array + array] as [[JSONValue]] where changed != array {
                guard let file = Swizzler.setting(path[...], of: signed, to: .array(changed)) else { return }
                check(
                    judge(swizzled.tampered(role, with: file)),
                    .thresholdNotMet(role: role, required: 1, valid: 0),
                    path
                )
                let isRoleTwice = path == ["delegations", "roles"] && changed.count > array.count
                let refusal = isRoleTwice ? FieldTable.malformed(role, path) : nil
                check(judge(swizzled.file(role, with: file)), refusal, path)
                count += 1
            }
        }
        #expect(count > 0)
    }

    private static func child(_ name: String, of value: JSONValue?) -> JSONValue? {
        guard let array = value?.array else { return value?[name] }
        return Int(name).map { array[$0] }
    }

    /// A number that the canonical form does not have cannot have been signed.
    @Test(
        arguments: SwizzledRepository.roles,
        ["1.5", "1.0", "1e2", "-0", "9223372036854775808", "-9223372036854775809"]
    )
    func numbersWithoutCanonicalForm(_ role: RoleName, _ text: String) throws {
        let judge = try swizzled.judge(role)
        let number = JSONValue.number(try #require(JSONNumber(text)))
        forEachPath(role) { path in
            guard let changed = Swizzler.setting(path[...], of: swizzled.signed(role), to: number) else { return }
            check(
                judge(swizzled.tampered(role, with: changed)),
                .notJSON(role: role, .notCanonicalizable(number: text)),
                path
            )
        }
    }
}
