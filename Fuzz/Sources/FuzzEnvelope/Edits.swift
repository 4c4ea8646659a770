/// Reads the fuzzer's bytes as changes to a file that was signed: four bytes a change.
struct Edits {
    let bytes: ArraySlice<UInt8>

    func applied(to original: [UInt8]) -> [UInt8] {
        var file = original
        var rest = bytes
        while rest.count >= 4, file.count < 1 << 14, !file.isEmpty {
            let change = Array(rest.prefix(4))
            rest = rest.dropFirst(4)
            let place = (Int(change[1]) << 8 | Int(change[2])) % file.count
            let value = change[3]
            let length = min(Int(value), file.count - place)
            switch change[0] % 6 {
            case 0: file[place] = value
            case 1: file.insert(value, at: place)
            case 2: file.removeSubrange(place..<place + length)
            // What stands here once more: a second signature, a second member.
            case 3: file.insert(contentsOf: file[place..<place + length], at: place)
            case 4: file.insert(contentsOf: file[place..<place + length], at: Int(rest.first ?? 0) * 8 % file.count)
            default:
                let text = rest.prefix(Int(value))
                rest = rest.dropFirst(Int(value))
                file.insert(contentsOf: text, at: place)
            }
        }
        return file
    }
}
