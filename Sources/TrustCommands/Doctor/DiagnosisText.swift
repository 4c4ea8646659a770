import ContentTrust
import TUF
import TrustCrypto

/// A diagnosis as people read it.
struct DiagnosisText: Sendable {
    let diagnosis: Diagnosis
    /// From which severity on a finding decides the exit status.
    let threshold: Severity
    let style: Style

    /// More findings of one code than this are counted instead of shown.
    static let shownOfOneCode = 10

    /// The reason that decides the exit status.
    var reason: Reason { diagnosis.reason(failingOn: threshold) }

    /// The lines for standard output.
    ///
    /// - Parameter all: Whether every finding is shown, however many there are of one code.
    /// - Returns: Escaped lines.
    func lines(all: Bool) -> [String] {
        var lines = [head]
        lines += facts.map { "  \(style.faint("\($0.label):" + padding($0.label)))\(SafeText.escaped($0.text))" }
        if !diagnosis.roles.isEmpty { lines += [""] + table.lines }
        var shown: [FindingCode: Int] = [:]
        for finding in diagnosis.findings {
            shown[finding.code, default: 0] += 1
            guard all || (shown[finding.code] ?? 0) <= Self.shownOfOneCode else { continue }
            lines += [""] + FindingText(finding: finding, style: style).lines
        }
        for (code, count) in shown.sorted(by: { $0.key.string < $1.key.string }) where !all {
            guard count > Self.shownOfOneCode else { continue }
            lines += ["", "\(count - Self.shownOfOneCode) more of [\(code)]; --verbose shows all"]
        }
        return lines
    }

    // MARK: Head

    private var head: String {
        let name = SafeText.escaped(diagnosis.subject.description)
        let numbers = Severity.allCases.reversed().compactMap { severity -> String? in
            let count = diagnosis.count(severity)
            return count == 0 ? nil : style.paint("\(count) \(severity.word)\(count == 1 ? "" : "s")", severity)
        }
        return "\(name): " + (numbers.isEmpty ? style.good("healthy") : numbers.joined(separator: ", "))
    }

    private var facts: [(label: String, text: String)] {
        var facts: [(label: String, text: String)] = []
        if !diagnosis.store.isEmpty { facts.append(("store", diagnosis.store + files)) }
        facts.append(("pin", diagnosis.pin.map(PinText.plain) ?? "none"))
        if let tags = diagnosis.tags { facts.append(("tags", "\(tags.checked) of \(tags.all) compared")) }
        switch diagnosis.origin {
        case .store, .nowhere: break
        case .memory:
            facts.append(("roles", "as this machine has seen them last; those in the store cannot be verified"))
        case .unverified: facts.append(("roles", "UNVERIFIED, anybody could have written them"))
        }
        return facts
    }

    private var files: String {
        guard let files = diagnosis.files else { return "" }
        return files.checked == files.all
            ? ", all \(files.all) files read" : ", \(files.checked) of \(files.all) files read"
    }

    private func padding(_ label: String) -> String { String(repeating: " ", count: max(1, 7 - label.count)) }

    // MARK: Roles

    private var table: Table {
        var table = Table(header: ["ROLE", "VERSION", "EXPIRES", "LEFT", "KEYS", "SPARE", "HERE", "KEY IDS"])
        for role in diagnosis.roles {
            let ids = role.keys.map(idText)
            table.add([
                role.name, role.version.map(String.init) ?? "-", role.expires?.description ?? "-", left(role),
                "\(role.threshold) of \(role.keys.count)", String(role.spareKeys), String(role.keysHere),
                ids.first ?? "-",
            ])
            for id in ids.dropFirst() { table.add(["", "", "", "", "", "", "", id]) }
        }
        return table
    }

    /// The beginning of an id is enough to tell keys apart, and for the commands that take one.
    private func idText(_ key: RoleKey) -> String {
        let id = "\(key.keyID.string.prefix(12))"
        if key.publicKey == nil { return "\(id) (unknown kind)" }
        guard key.place != nil else { return id }
        return key.isEncrypted == false ? "\(id) (here, not encrypted)" : "\(id) (here)"
    }

    private func left(_ role: RoleForecast) -> String {
        guard let expires = role.expires else { return "-" }
        let seconds = expires.seconds(since: diagnosis.examinedAt)
        return seconds > 0 ? DurationText.words(seconds) : "expired"
    }
}
