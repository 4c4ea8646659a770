/// What the fuzzer made up, as bytes.
///
/// - Parameters:
///   - start: the first argument of `LLVMFuzzerTestOneInput`.
///   - count: its second argument.
/// - Returns: a copy.
public func fuzzInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    [UInt8](UnsafeBufferPointer(start: start, count: count))
}

/// Ends the run, which makes the fuzzer keep the input, unless something that must always hold does.
///
/// - Parameters:
///   - condition: what must hold.
///   - message: what does not, if it is false.
///   - file: the caller's file.
///   - line: the caller's line.
public func require(
    _ condition: Bool,
    _ message: @autoclosure () -> String,
    file: StaticString = #fileID,
    line: UInt = #line
) {
    if !condition { fatalError(message(), file: file, line: line) }
}
