/// What is known about who asks.
public enum RegistryCredential: Sendable {
    /// Nobody in particular.
    case anonymous
    /// A user name and a password (or an access token in place of one).
    case basic(username: String, password: AuthSecret)
    /// A refresh token that a token server exchanges for access tokens; docker's `identitytoken`.
    case identityToken(AuthSecret)
    /// A token that goes to the registry as it is; docker's `registrytoken`.
    case registryToken(AuthSecret)

    var isAnonymous: Bool {
        if case .anonymous = self { true } else { false }
    }
}
