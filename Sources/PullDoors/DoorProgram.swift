import ContentTrust
import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A program in containerd's `bin_dir` that looks like the door: a link to trustctl, a copy of it, or a script that starts it.
struct DoorProgram: Sendable {
    /// What is wrong with it; empty when containerd gets the answers of trustctl from it.
    let findings: [Finding]

    private static let maximumScript = 1 << 16
    /// The program that a link leads to, by the name that it is installed under.
    private static let trustctl = "trustctl"

    /// Looks at a program; nil when it does not even look like the door.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - folder: `bin_dir`.
    ///   - door: The name under which trustctl is the door.
    init?(_ name: String, in folder: String, door: String) {
        let file = DurableFile.join(folder, name)
        let script = Self.script(file)
        guard name == door || script?.contains("containerd-verifier") == true else { return nil }
        guard let real = Self.resolved(file) else {
            findings = [Self.missing(file, "it leads to no file, so that every pull fails")]
            return
        }
        guard access(file, X_OK) == 0 else {
            findings = [
                Self.missing(
                    file,
                    "it cannot be executed, so that every pull fails",
                    remedy: Remedy("chmod +x \(ShellWord.quoted(file))")
                )
            ]
            return
        }
        if let script {
            findings = Self.owners(of: real) + Self.findings(script: script, file, door: door)
        } else {
            findings = Self.findings(program: real, startedAs: file, door: door)
        }
    }

    /// The text of a script; nil for what is none, or cannot be read.
    private static func script(_ path: String) -> String? {
        guard let bytes = try? DurableFile.read(path, limit: maximumScript), bytes.starts(with: Array("#!".utf8))
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: A program

    private struct Identity: Equatable {
        let device: UInt64
        let number: UInt64
    }

    private static func identity(_ path: String) -> Identity? {
        var information = stat()
        guard stat(path, &information) == 0 else { return nil }
        return Identity(
            device: UInt64(truncatingIfNeeded: information.st_dev),
            number: UInt64(truncatingIfNeeded: information.st_ino)
        )
    }

    /// The file that a path leads to, without links in its path.
    private static func resolved(_ path: String) -> String? {
        guard let text = realpath(path, nil) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    /// What is to be said of a program that is no script: whether it is trustctl, and who can replace it.
    ///
    /// - Parameters:
    ///   - real: The file itself.
    ///   - file: What leads to it.
    ///   - door: The name under which trustctl is the door.
    /// - Returns: The findings.
    private static func findings(program real: String, startedAs file: String, door: String) -> [Finding] {
        let owners = Self.owners(of: real)
        // The program that runs now; a system without this file says nothing of it.
        let own = "/proc/self/exe"
        guard let wanted = identity(own) else { return named(real, file, door).map { [$0] + owners } ?? owners }
        if identity(real) == wanted { return owners }
        if let finding = named(real, file, door) { return [finding] + owners }
        let this = resolved(own)
        return [
            Finding(
                .verifierNotAsked,
                .warning,
                checked: file,
                found: "it starts \(real), which is another program than \(this ?? "the one that says this")",
                expected: "the trustctl that is meant; what that program answers cannot be seen from here",
                remedy: Remedy(advice: "make it start this one, or look where that one comes from")
            )
        ] + owners
    }

    /// What is to be said of the name of a program; nil when it is one of trustctl.
    private static func named(_ real: String, _ file: String, _ door: String) -> Finding? {
        let name = real.utf8.split(separator: UInt8(ascii: "/")).last.map { String(decoding: $0, as: UTF8.self) }
        guard name != trustctl, name != door else { return nil }
        return missing(
            file,
            "it starts \(real), which is not \(trustctl), and what that answers decides about pulls"
        )
    }

    /// Tells of others who can change or replace a program.
    private static func owners(of real: String) -> [Finding] {
        let checked = "the program \(real)"
        do throws(Refusal) {
            try OwnFile.checkFile(
                real,
                checked: checked,
                found: "it belongs to another user, who can make it allow everything"
            )
            let folder = DurableFile.parent(of: real)
            try OwnFile.checkFolder(folder, checked: "the folder of that program, \(folder)")
            return []
        } catch {
            return [Finding(error, severity: .error)]
        }
    }

    // MARK: A script

    /// What is to be said of a script. Only one that does nothing but start trustctl with what containerd passes is understood.
    private static func findings(script: String, _ file: String, door: String) -> [Finding] {
        guard let program = startedProgram(script) else {
            return [
                Finding(
                    .verifierNotAsked,
                    .warning,
                    checked: file,
                    found: "what this script answers cannot be judged",
                    expected: #"a script of sh that ends in: exec /PATH/trustctl containerd-verifier ... "$@""#,
                    remedy: Remedy(advice: "write it so, or make it a link to trustctl with the name \(door)")
                )
            ]
        }
        guard let real = resolved(program), access(program, X_OK) == 0 else {
            return [missing(file, "it starts \(program), which cannot be executed, so that every pull fails")]
        }
        return findings(program: real, startedAs: file, door: door)
    }

    /// The program that a script becomes in its last line, with the arguments that containerd passes; nil when it may do
    /// something else.
    private static func startedProgram(_ script: String) -> String? {
        var lines = script.utf8.split(separator: UInt8(ascii: "\n"))
            .map { String(decoding: $0, as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\t" }) }
        // The shell.
        let shells = ["#!/bin/sh", "#!/bin/bash", "#!/bin/dash", "#!/usr/bin/env sh", "#!/usr/bin/env bash"]
        guard shells.contains(lines.removeFirst().joined(separator: " ")) else { return nil }
        lines.removeAll { $0.first?.hasPrefix("#") ?? true }
        guard let last = lines.popLast(), last.count >= 4 else { return nil }
        guard last[0] == "exec", last[2] == "containerd-verifier", last.last == "\"$@\"" else { return nil }
        // What could start something else, or end a line before or behind its end.
        func isPlain(_ words: [Substring]) -> Bool {
            let special = Array(";&|<>(){}`#\\".utf8)
            return !words.joined().utf8.contains { special.contains($0) }
        }
        guard isPlain(last) else { return nil }
        // Before that, nothing but settings.
        for line in lines {
            guard let word = line.first, isPlain(line) else { return nil }
            guard word == "set" || word == "export" || word.utf8.contains(UInt8(ascii: "=")) else { return nil }
        }
        // A path as it stands there, which the shell does not change.
        let program = String(last[1])
        let changed = Array("\"'$*?[".utf8)
        guard program.utf8.first == UInt8(ascii: "/"), !program.utf8.contains(where: { changed.contains($0) }) else {
            return nil
        }
        return program
    }

    private static func missing(_ file: String, _ found: String, remedy: Remedy? = nil) -> Finding {
        let link = "ln -sf \"$(command -v \(trustctl))\" \(ShellWord.quoted(file))"
        return Finding(
            .verifierMissing,
            .error,
            reason: .policy,
            checked: file,
            found: found,
            remedy: remedy ?? Remedy(link, advice: "make it a link to \(trustctl) with the name of the door")
        )
    }
}
