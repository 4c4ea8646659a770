import Harness
import TrustTestSupport

/// A repository, its owner, an attacker who has some of the keys, and clients with and without a past: whatever they do,
/// nobody trusts what the owner did not sign, and nobody goes back.
@c(LLVMFuzzerTestOneInput)
public func fuzzTrustChain(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = fuzzInput(start, count)
    let report = blocking { () async -> TrustChainMachine.Report in
        var machine = TrustChainMachine(input)
        return await machine.run()
    }
    require(report.violation == nil, report.violation ?? "")
    return 0
}
