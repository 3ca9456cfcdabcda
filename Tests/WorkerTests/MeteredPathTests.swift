import OCMHTTP
import Testing

@testable import ocm_worker

@Suite("The paths that are metered")
struct MeteredPathTests {
    @Test(
        "are known however they are written",
        arguments: [
            "/v1/responses", "/v1/responses/", "/v1/responses?x=1", "/v1/responses/compact", "/v1//responses",
            "/v1/%72esponses", "/v1/responses%2Fcompact", "/v1/responses%2fcompact?a/b", "/v1/responses;x=1",
            "/v1/;x/responses", "/v1/responses/resp_1/cancel/more", "/v1/responses/cancel", "/v1/%2F/%72%65sponses",
            "/v1/responses/a-very-long-segment-indeed/x",
        ])
    func responses(_ path: String) {
        #expect(MeteredPath.api(of: Array(path.utf8).span) == .responses)
    }

    @Test(
        "of chat completions too",
        arguments: ["/v1/chat/completions", "/v1/chat/%63ompletions", "/v1/chat;a//completions"])
    func chat(_ path: String) {
        #expect(MeteredPath.api(of: Array(path.utf8).span) == .chatCompletions)
    }

    @Test(
        "are no others, and what cancels a response does not count it again",
        arguments: [
            "/v1/", "/v1/responsesX", "/v1/response", "/v1/models", "/v1/chat", "/v1/chat/completion",
            "/v1/chatx/completions",
            "/v1/responses/resp_1/cancel", "/v1/responses/resp_1/cancel/", "/v1//responses/resp_1/%63ancel?x",
            "/v1/models?/v1/responses", "/v1/responses%", "/v1/responses%7", "/v2/responses", "/v1/memories/responses",
        ])
    func others(_ path: String) {
        #expect(MeteredPath.api(of: Array(path.utf8).span) == nil)
    }
}
