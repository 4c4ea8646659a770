import Testing

@testable import OCIRegistry

@Suite struct AuthChallengeTests {
    typealias Parameter = AuthChallenge.Parameter

    static func challenge(_ scheme: String, _ parameters: [(String, String)]) -> AuthChallenge {
        AuthChallenge(
            scheme: scheme,
            token68: nil,
            parameters: parameters.map { Parameter(name: $0.0, value: $0.1) }
        )
    }

    @Test(
        arguments: [
            ([], []),
            ([""], []),
            ([" , ,"], []),
            (
                [
                    #"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#
                ],
                [
                    challenge(
                        "bearer",
                        [
                            ("realm", "https://auth.docker.io/token"), ("service", "registry.docker.io"),
                            ("scope", "repository:a/b:pull,push"),
                        ]
                    )
                ]
            ),
            ([#"BASIC Realm="Registry Realm""#], [challenge("basic", [("realm", "Registry Realm")])]),
            (["Basic realm=simple"], [challenge("basic", [("realm", "simple")])]),
            (["Negotiate"], [challenge("negotiate", [])]),
            (["Negotiate, Basic realm=x"], [challenge("negotiate", []), challenge("basic", [("realm", "x")])]),
            (
                ["Negotiate YWJj==, Basic realm=x"],
                [
                    AuthChallenge(scheme: "negotiate", token68: "YWJj==", parameters: []),
                    challenge("basic", [("realm", "x")]),
                ]
            ),
            (
                ["NTLM abc"], [AuthChallenge(scheme: "ntlm", token68: "abc", parameters: [])]
            ),
            (
                [#"Bearer realm="a" , service = "b",, Basic realm="c", charset="UTF-8" ,"#],
                [
                    challenge("bearer", [("realm", "a"), ("service", "b")]),
                    challenge("basic", [("realm", "c"), ("charset", "UTF-8")]),
                ]
            ),
            (
                [#"Bearer realm="a""#, #"Basic realm="b""#],
                [challenge("bearer", [("realm", "a")]), challenge("basic", [("realm", "b")])]
            ),
            (
                [#"Bearer realm="a \"q\" \\ \b,Basic x=\"y""#],
                [challenge("bearer", [("realm", #"a "q" \ b,Basic x="y"#)])]
            ),
            ([#"Bearer realm="""#], [challenge("bearer", [("realm", "")])]),
            (["\tBearer\trealm=\"ü\"\t"], [challenge("bearer", [("realm", "ü")])]),
            // Token68 and parameter names overlap; what follows decides.
            (["X a=b"], [challenge("x", [("a", "b")])]),
            (["X a="], [AuthChallenge(scheme: "x", token68: "a=", parameters: [])]),
        ] as [([String], [AuthChallenge])]
    )
    func reads(fields: [String], expected: [AuthChallenge]) throws {
        #expect(try AuthChallenge.parse(fields) == expected)
    }

    @Test(arguments: [
        #"Bearer realm="a"#, #"Bearer realm="a\"#, #"Bearer realm="a" service="b""#, #"Bearer realm="a"x"#,

        #"="a""#, #""Bearer""#, "Bearer realm=\"a\u{0}\"", "Bearer realm=\"a\nb\"", "Bearer realm=\"a\u{7f}\"",
        "Bearer/x",
        #"Bearer realm="a",realm="b""#, #"Bearer realm="a",REALM="b""#, "Bearer a b", "Bearer (x)", "Bearer realm=ü",
        "Bearer ,=",
        "Basic realm=Registry Realm", "Bearer a==b",
    ])
    func refuses(field: String) {
        #expect(throws: AuthChallenge.ParseError()) { try AuthChallenge.parse([field]) }
    }

    @Test func hasLimits() throws {
        let schemes = (0..<AuthChallenge.maximumChallenges).map { "S\($0)" }
        #expect(try AuthChallenge.parse([schemes.joined(separator: ", ")]).count == AuthChallenge.maximumChallenges)
        #expect(throws: AuthChallenge.ParseError()) {
            try AuthChallenge.parse([(schemes + ["X"]).joined(separator: ", ")])
        }
        #expect(throws: AuthChallenge.ParseError()) { try AuthChallenge.parse(schemes + ["X"]) }

        let parameters = (0..<AuthChallenge.maximumParameters).map { "p\($0)=x" }
        #expect(try AuthChallenge.parse(["S " + parameters.joined(separator: ",")]).first?.parameters.count == 32)
        #expect(throws: AuthChallenge.ParseError()) {
            try AuthChallenge.parse(["S " + (parameters + ["x=x"]).joined(separator: ",")])
        }

        let value = String(repeating: "a", count: AuthChallenge.maximumBytes - #"S a="""#.utf8.count)
        #expect(try AuthChallenge.parse([#"S a="\#(value)""#]).first?["a"]?.utf8.count == value.utf8.count)
        #expect(throws: AuthChallenge.ParseError()) { try AuthChallenge.parse([#"S a="\#(value)a""#]) }
    }

    @Test(
        arguments: [
            (.pull("a/b"), nil, ["repository:a/b:pull"]),
            (.pullPush("a/b"), nil, ["repository:a/b:pull,push"]),
            (.pull("a/b"), "repository:a/b:pull", ["repository:a/b:pull"]),
            (.pullPush("a/b"), "repository:a/b:pull", ["repository:a/b:pull,push"]),
            // a registry that knows the repository by another name
            (.pull("a/b"), "repository:mirror/a/b:pull", ["repository:a/b:pull", "repository:mirror/a/b:pull"]),
            (.pullPush("a/b"), "repository:m/b:*", ["repository:a/b:pull,push", "repository:m/b:pull,push"]),
            // no more rights than needed
            (.pull("a/b"), "repository:a/b:pull,push,delete", ["repository:a/b:pull"]),
            (.pull("a/b"), "repository:m/b:pull,push,delete,*", ["repository:a/b:pull", "repository:m/b:pull"]),
            (.pull("a/b"), "repository:m/b:push registry:catalog:* x repository::pull a:b", ["repository:a/b:pull"]),
            (.pull("a/b"), "repository:host:5000/b:pull", ["repository:a/b:pull", "repository:host:5000/b:pull"]),
            (nil, "registry:catalog:*", ["registry:catalog:*"]),
            (nil, "repository:a/b:pull", []),
            (nil, nil, []),
        ] as [(RepositoryScope?, String?, [String])]
    )
    func combinesScopes(needed: RepositoryScope?, challenge: String?, expected: [String]) {
        #expect(RepositoryScope.combined(needed: needed, challenge: challenge) == expected)
    }

    @Test func scopesOfAChallengeAreBounded() {
        let many = (0..<1_000).map { "repository:r\($0):pull" }.joined(separator: " ")
        #expect(RepositoryScope.combined(needed: .pull("a"), challenge: many).count == 11)
    }
}
