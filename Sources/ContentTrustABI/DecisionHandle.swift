import ContentTrust
import Synchronization
import TrustCrypto

/// A decision, and the texts of it that C has asked for.
final class DecisionHandle: Sendable {
    /// What C can ask for as a text.
    enum Field: Sendable, Hashable {
        case admission, reason, image, digest, tag, mediaType, index, checked, found, expected, next, json
    }

    let decision: Decision
    private let texts = Mutex<[Field: CText]>([:])

    init(_ decision: Decision) {
        self.decision = decision
    }

    /// The trusted image.
    var image: TrustedImage? {
        if case .trusted(let image) = decision.verdict { image } else { nil }
    }

    private var refusal: Refusal? {
        if case .refused(let refusal) = decision.verdict { refusal } else { nil }
    }

    /// A text of it; nil where there is none. It is made when it is first asked for, and the same from then on.
    func text(_ field: Field) -> UnsafePointer<CChar>? {
        texts.withLock { texts in
            if let text = texts[field] { return text.pointer }
            guard let value = value(field) else { return nil }
            let text = CText(value)
            texts[field] = text
            return text.pointer
        }
    }

    private func value(_ field: Field) -> String? {
        switch field {
        case .admission: decision.admission?.code
        case .reason: decision.reason.code
        case .image: image?.reference
        case .digest: image?.digest.description
        case .tag: image?.tag
        case .mediaType: image?.mediaType
        case .index: image?.coveringIndex?.description
        case .checked: refusal?.checked
        case .found: refusal?.found
        case .expected: refusal?.expected
        case .next: refusal?.next
        case .json: decision.jsonLine
        }
    }
}
