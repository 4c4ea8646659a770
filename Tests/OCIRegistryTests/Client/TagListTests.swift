import HTTPTypes
import OCI
import Testing
import TrustTestSupport
import TrustTransport

@testable import OCIRegistry

@Suite("Tag lists")
struct TagListTests {
    static func page(_ tags: [String], next: String? = nil) -> InMemoryTransport.Reply {
        var headers: HTTPFields = [:]
        headers[.link] = next.map { "<\($0)>; rel=\"next\"" }
        return .text(.ok, #"{"name":"x","tags":["\#(tags.joined(separator: #"",""#))"]}"#, headers: headers)
    }

    @Test("are read page by page")
    func pages() async throws {
        let fixture = try ClientFixture { request, number in
            switch number {
            case 0: Self.page(["a", "b"], next: "/v2/team/app/tags/list?last=b&n=2")
            case 1: Self.page(["c"], next: "https://registry.example.com/v2/team/app/tags/list?last=c&n=2")
            default: Self.page(["d"])
            }
        }
        #expect(try await fixture.client.tags()?.map(\.string) == ["a", "b", "c", "d"])
        #expect(fixture.log.last == "GET /v2/team/app/tags/list?last=c&n=2")
    }

    @Test("without tags are empty", arguments: [#"{"tags":null}"#, #"{"name":"x","tags":[]}"#])
    func empty(body: String) async throws {
        let fixture = try ClientFixture { _, _ in .text(.ok, body) }
        #expect(try await fixture.client.tags() == [])
    }

    @Test(
        "that are none are refused",
        arguments: [
            "", "[]", "{}", #"{"tags":{}}"#, #"{"tags":[1]}"#, #"{"tags":["a b"]}"#, #"{"tags":["a"]}x"#, "<html>",
        ]
    )
    func malformed(body: String) async throws {
        let fixture = try ClientFixture { _, _ in .text(.ok, body) }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .body)) {
            try await fixture.client.tags()
        }
    }

    @Test(
        "go on at their own origin only",
        arguments: [
            "https://evil.example.com/v2/", "http://registry.example.com/v2/", "//evil.example.com/",
            "https://registry.example.com:444/", "a b", "/v2/team/app/tags/list?n=1000",
        ]
    )
    func foreign(next: String) async throws {
        let fixture = try ClientFixture { _, _ in Self.page(["a"], next: next) }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .header("Link"))) {
            try await fixture.client.tags()
        }
        #expect(fixture.log.count == 1)
    }

    @Test("end at their limits")
    func limits() async throws {
        var limits = RegistryLimits()
        limits.maximumPages = 3
        let pages = try ClientFixture(limits: limits) { _, number in Self.page(["a"], next: "?page=\(number)") }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .tooManyEntries(limit: 3))) {
            try await pages.client.tags()
        }
        #expect(pages.log.count == 3)
        limits.maximumTags = 1
        let tags = try ClientFixture(limits: limits) { _, _ in Self.page(["a", "b"]) }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .tooManyEntries(limit: 1))) {
            try await tags.client.tags()
        }
    }

    @Test(
        "find the next page in the Link field",
        arguments: [
            ([], nil),
            (["</a>; rel=\"next\""], "/a"),
            (["</a>;rel=next"], "/a"),
            (["</a> ; REL=\"NEXT\""], "/a"),
            (["</a>; rel=\"prev next\""], "/a"),
            (["</a>; rel=\"prev\""], nil),
            (["</a>; rel=\"prev\", </b>; title=\"x, \\\" y;\"; rel=\"next\""], "/b"),
            (["</a>; rel=prev", "</b?c=d,e;f>; rel=next"], "/b?c=d,e;f"),
            (["</a>; rel=next", "</a>; rel=next"], "/a"),
            (["</a>; crossorigin; rel=next"], "/a"),
            (["</a>"], nil),
            ([""], nil),
        ] as [([String], String?)]
    )
    func links(values: [String], next: String?) throws {
        #expect(try #require(LinkHeader(values)).next == next)
    }

    @Test(
        "refuse a malformed Link field",
        arguments: [
            ["a"], ["<a"], ["</a>; rel=\"next"], ["</a> rel=next"], ["</a>; rel=next, </b>; rel=next"],
            ["</a>; x=\"\\"],
        ]
    )
    func malformedLinks(values: [String]) {
        #expect(LinkHeader(values) == nil)
    }
}
