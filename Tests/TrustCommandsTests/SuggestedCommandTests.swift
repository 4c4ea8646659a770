import ArgumentParser
import Testing
import TrustTestSupport

@testable import TrustCommands

/// Every command that a refusal or a message suggests is one of ours, with the arguments that it has.
@Suite struct SuggestedCommandTests {
    /// The commands in `next:` of the source, with what is interpolated as a plain word.
    static let commands: [String] = {
        var commands: Set<String> = []
        for folder in ["ContentTrust", "TrustCommands"] {
            let root = "\(Files.projectRoot)/Sources/\(folder)"
            for name in (try? Files.tree(root)) ?? [] where name.hasSuffix(".swift") {
                guard let bytes = try? Files.read("\(root)/\(name)") else { continue }
                // Strings that go on in the next line are one.
                let text = String(decoding: bytes, as: UTF8.self).replacing(/"\s*\n\s*\+ "/, with: "")
                for match in text.matches(of: /next:\s*[^\n]*?(?:"|: )trustctl ([^"\n]*)"/) {
                    commands.insert(plain(String(match.output.1)))
                }
            }
        }
        return commands.sorted()
    }()

    /// Interpolations become words: of a set of keys, of a digest, of everything else a repository.
    private static func plain(_ command: String) -> String {
        var text = ""
        var depth = 0
        var rest = command[...]
        while let character = rest.popFirst() {
            if depth == 0, character == "\\", rest.first == "(" {
                rest = rest.dropFirst()
                depth = 1
                text += "REPO"
            } else if depth > 0 {
                depth += character == "(" ? 1 : character == ")" ? -1 : 0
            } else {
                text.append(character)
            }
        }
        // "; to begin anew: …" goes on with another sentence, whose command is found in its own right.
        return String(text.prefix { $0 != ";" })
    }

    @Test func thereAreSome() {
        #expect(Self.commands.count > 8)
    }

    @Test(arguments: commands)
    func parses(command: String) throws {
        _ = try Trustctl.parseAsRoot(command.split(separator: " ").map(String.init))
    }
}
