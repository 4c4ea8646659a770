/// Lengths of time as people read them.
package enum SpanWords {
    /// One or two units: `45 s`, `12 min`, `3 h 20 min`, `14 days`.
    ///
    /// - Parameter seconds: The length; negative ones are shown as 0.
    /// - Returns: The text.
    package static func words(_ seconds: Int64) -> String {
        let seconds = max(0, seconds)
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800:
            let minutes = seconds / 60 % 60
            return minutes == 0 ? "\(seconds / 3600) h" : "\(seconds / 3600) h \(minutes) min"
        default: return "\(seconds / 86_400) days"
        }
    }
}
