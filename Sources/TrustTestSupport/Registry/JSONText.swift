import Foundation

/// JSON for the files of other programs, written and read by Foundation: the product's own JSON is under test.
enum JSONText {
    /// The bytes of a tree of dictionaries, arrays, strings, numbers and Booleans, with sorted keys.
    static func encode(_ value: [String: Any]) throws(FixtureError) -> [UInt8] {
        do {
            return [UInt8](
                try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
            )
        } catch { throw .unexpected("not JSON: \(value)") }
    }

    /// The object that the bytes hold.
    static func decodeObject(_ bytes: [UInt8]) throws(FixtureError) -> [String: Any] {
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
            throw .unexpected("not a JSON object: \(String(decoding: bytes.prefix(200), as: UTF8.self))")
        }
        return object
    }
}
