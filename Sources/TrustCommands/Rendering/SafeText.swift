/// Text from outside, made harmless for a terminal.
///
/// Registries, files and other people's metadata end up in messages. Control characters could move the cursor or retitle
/// the window, and characters that turn the writing direction or show nothing could make one name look like another.
enum SafeText {
    /// The text with every dangerous character written as `\u{HEX}`, line ends and tabs among them.
    ///
    /// - Parameter text: Any text.
    /// - Returns: Text that stays on its line and looks like what it is.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isDangerous) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isDangerous(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Whether a character could change how other text is shown, or hides.
    static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7e: return false
        // C0, DEL and C1 control characters.
        case ..<0x20, 0x7f...0x9f: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        // Format characters are the bidirectional controls, joiners, the byte order mark and the tag characters.
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return true
        // All spaces but the ordinary one: they cannot be told from it.
        case .spaceSeparator: return true
        default: return scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
