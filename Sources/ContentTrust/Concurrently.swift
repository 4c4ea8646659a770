/// Many small waits at once, but not all of them.
package enum Concurrently {
    /// What `body` makes of each element, in their order.
    ///
    /// - Parameters:
    ///   - elements: The elements.
    ///   - width: How many are worked on at once.
    ///   - progress: Called after each one, with how many are done.
    ///   - body: Makes something of an element.
    /// - Returns: What it made.
    /// - Throws: What `body` threw first; what goes on then is cancelled.
    package static func map<Element: Sendable, Made: Sendable, Failure: Error>(
        _ elements: [Element],
        width: Int,
        progress: (Int) -> Void = { _ in },
        _ body: @escaping @Sendable (Element) async throws(Failure) -> Made
    ) async throws(Failure) -> [Made] {
        let outcome = await withTaskGroup(of: (Int, Result<Made, Failure>).self) { group in
            var made: [Int: Made] = [:]
            var next = 0
            func start() {
                guard next < elements.count else { return }
                let index = next
                next += 1
                group.addTask {
                    do throws(Failure) {
                        return (index, .success(try await body(elements[index])))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            for _ in 0..<width { start() }
            while let (index, result) = await group.next() {
                switch result {
                case .success(let one):
                    made[index] = one
                    progress(made.count)
                    start()
                case .failure(let failure):
                    group.cancelAll()
                    return Result<[Int: Made], Failure>.failure(failure)
                }
            }
            return .success(made)
        }
        return try outcome.get().sorted { $0.key < $1.key }.map(\.value)
    }
}
