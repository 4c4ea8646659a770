import CContentTrust
import ContentTrust

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What C hands in, read with limits.
enum CArguments {
    /// A text.
    ///
    /// - Parameters:
    ///   - pointer: UTF-8 with a NUL at the end, or NULL.
    ///   - name: What to call it in messages.
    ///   - limit: The most bytes, without the NUL.
    /// - Returns: The text; nil for NULL.
    /// - Throws: ``Refusal`` with ``Reason/usage`` for anything that is neither, and for nothing at all.
    static func text(_ pointer: UnsafePointer<CChar>?, _ name: String, limit: Int) throws(Refusal) -> String? {
        guard let pointer else { return nil }
        let length = strnlen(pointer, limit + 1)
        guard length > 0 else { throw wrong(name, "an empty string", expected: "NULL, or a text") }
        guard length <= limit else { throw wrong(name, "a longer string", expected: "at most \(limit) bytes") }
        let bytes = UnsafeRawBufferPointer(start: pointer, count: length)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw wrong(name, "bytes that are not UTF-8")
        }
        return text
    }

    /// A text that must be there.
    static func required(_ pointer: UnsafePointer<CChar>?, _ name: String, limit: Int) throws(Refusal) -> String {
        guard let text = try text(pointer, name, limit: limit) else { throw wrong(name, "NULL", expected: "a text") }
        return text
    }

    /// The longest path, in bytes.
    static let pathLimit = 4096

    /// An environment.
    ///
    /// - Parameters:
    ///   - list: `NAME=value` each and a NULL at the end.
    ///   - name: What to call it in messages.
    /// - Returns: The values by name; the first of two counts, as with getenv.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    static func environment(
        _ list: UnsafePointer<UnsafePointer<CChar>?>,
        _ name: String
    ) throws(Refusal) -> [String: String] {
        var variables: [String: String] = [:]
        for index in 0... {
            guard let pointer = list[index] else { break }
            guard index < 16_384 else { throw wrong(name, "more variables", expected: "at most 16384") }
            let length = strnlen(pointer, 131_073)
            guard length <= 131_072 else { throw wrong(name, "a longer variable", expected: "at most 131072 bytes") }
            // Variables need not be UTF-8, and those that are not are nobody's whom helpers know.
            let bytes = UnsafeRawBufferPointer(start: pointer, count: length)
            guard let text = String(validating: bytes, as: UTF8.self),
                let equals = text.utf8.firstIndex(of: UInt8(ascii: "="))
            else { continue }
            let key = String(text[..<equals])
            if variables[key] == nil { variables[key] = String(text[text.utf8.index(after: equals)...]) }
        }
        return variables
    }

    /// The object of a handle.
    ///
    /// - Throws: ``Refusal`` with ``Reason/usage`` when it is none of a live one.
    static func live<Object>(
        _ handle: OpaquePointer?,
        _ name: String,
        in table: HandleTable<Object>
    ) throws(Refusal) -> Object {
        guard handle != nil else { throw wrong(name, "NULL") }
        guard let object = table.object(handle) else {
            throw wrong(name, "no live handle: it was freed, or is that of something else")
        }
        return object
    }

    /// Where an answer goes, emptied.
    static func output(
        _ pointer: UnsafeMutablePointer<OpaquePointer?>?,
        _ name: String
    ) throws(Refusal) -> UnsafeMutablePointer<OpaquePointer?> {
        guard let pointer else { throw wrong(name, "NULL", expected: "where to put the answer") }
        return pointer
    }

    /// The refusal of an argument.
    static func wrong(_ name: String, _ found: String, expected: String? = nil) -> Refusal {
        Refusal(.usage, checked: "the argument \(name)", found: found, expected: expected)
    }
}

/// Runs the body of a function that can fail.
///
/// - Parameter body: The work.
/// - Returns: What the function returns: nil, or the handle of an error.
func answer(_ body: () throws(Refusal) -> Void) -> OpaquePointer? {
    guard !ForkedChild.isThis else { return ErrorHandle.forkedChild }
    do throws(Refusal) {
        try body()
        return nil
    } catch {
        return Handles.errors.insert(ErrorHandle(error))
    }
}
