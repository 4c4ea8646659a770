public import KeyStorage
import TUF
import TUFClient

/// Says what is wrong with the trust data of a repository or will be, when, and what mends it.
///
/// It looks and changes nothing: neither the store, nor pins, nor what this machine has seen. What it says of roles is
/// verified from the pin upwards as for every verdict, but for expiry, and marked where it is not
/// (``Diagnosis/origin``). No verdict comes of it.
public struct TrustDoctor: Sendable {
    /// What a caller may choose.
    public struct Options: Sendable, Hashable {
        /// A role that expires within so many seconds is worth a warning, but never before two thirds of its lifetime are
        /// over: that is when a refresh is due. Default 30 days.
        public var horizon: Int64 = 30 * 86_400
        /// Whether signed tags are compared with what the registry serves for them.
        public var comparesTags = true
        /// For layouts: the name that the trust data must carry.
        public var signedName: String?

        /// The defaults.
        public init() {}
    }

    /// What takes a while.
    public enum Step: Sendable, Hashable {
        /// Files of delegated roles are read.
        case files
        /// Tags are compared.
        case tags
    }

    /// Called now and then: what is being done, how many of them are done, and how many there are.
    public typealias Progress = @Sendable (_ step: Step, _ done: Int, _ all: Int) -> Void

    /// How many tags are compared at most: registries limit requests.
    public static let maximumTags = 1000

    private let session: TrustSession
    private let keys: KeyStoreSet
    private let options: Options
    private let suggested: SuggestedOptions

    /// A doctor.
    ///
    /// - Parameters:
    ///   - session: Home, clock and registries.
    ///   - keys: Where this machine may have keys. None is opened.
    ///   - options: What to look at.
    ///   - suggested: Options that suggested commands need again.
    public init(
        session: TrustSession,
        keys: KeyStoreSet,
        options: Options = Options(),
        suggested: SuggestedOptions = SuggestedOptions()
    ) {
        self.session = session
        self.keys = keys
        self.options = options
        self.suggested = suggested
    }

    /// Examines the trust data of a subject. What could not be looked at is a finding, never nothing.
    ///
    /// - Parameters:
    ///   - subject: Whose trust data.
    ///   - location: Where it lies, if not beside the images.
    ///   - progress: Is told what takes a while.
    /// - Returns: What was found.
    /// - Throws: ``Refusal`` only when the task is cancelled.
    public func examine(
        _ subject: Subject,
        at location: StoreLocation? = nil,
        progress: @escaping Progress = { _, _, _ in }
    ) async throws(Refusal) -> Diagnosis {
        var examination = Examination(
            session: session,
            subject: subject,
            options: options,
            commands: SuggestedCommands(subject: subject, options: suggested),
            keys: keys,
            inventory: KeyInventory(await keys.list()),
            now: session.clock.now(),
            progress: progress,
            location: location ?? subject.defaultLocation
        )
        await examination.run()
        guard !Task.isCancelled else {
            throw Refusal(.unreachable, checked: "trust data of \(subject)", found: "cancelled")
        }
        return examination.diagnosis
    }
}
