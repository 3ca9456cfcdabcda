import LoopTestSupport
import OCMEventLoop
import OCMHTTP
import Testing

@testable import ocm_supervisor

@Suite struct AdminRoutesTests {
    @Test(arguments: [
        (Method.get, "/status", 200, "got"), (.head, "/status", 200, "got"), (.post, "/reload", 200, "posted"),
        (.delete, "/both", 405, ""), (.post, "/status", 405, ""), (.head, "/reload", 405, ""),
        (.get, "/", 404, ""), (.get, "", 404, ""), (.get, "/status/", 404, ""), (.get, "/STATUS", 404, ""),
    ])
    func aPathAndAMethodLeadToTheirHandler(method: Method, path: String, status: Int, body: String) throws {
        try onLoop {
            let answer = await answer(method, path)
            #expect(answer.status == status)
            if status == 200 { #expect(String(decoding: answer.body, as: UTF8.self) == body) }
        }
    }

    @Test func anotherMethodIsToldWhichThereAre() throws {
        try onLoop {
            let answer = await answer(.put, "/both")
            #expect(answer.allow == [.get, .head, .post])
            #expect(text(answer, .put).contains("\r\nallow: GET, HEAD, POST\r\n"))
        }
    }

    @Test func anotherPathIsToldWhichThereAre() throws {
        try onLoop {
            let body = String(decoding: await answer(.get, "/x\"y").body, as: UTF8.self)
            #expect(body.contains("/both, /reload, /status"))
            #expect(!body.contains("x\\\"y"), "what was asked is not repeated")
        }
    }

    @Test func headIsAnsweredWithoutTheBodyButWithItsLength() {
        let answer = AdminResponse(status: 200, body: Array("{}\n".utf8))
        #expect(text(answer, .get).hasSuffix("\r\n\r\n{}\n"))
        let head = text(answer, .head)
        #expect(head.hasSuffix("\r\n\r\n") && head.contains("\r\ncontent-length: 3\r\n"))
    }

    @EventLoop private func answer(_ method: Method, _ path: String) async -> AdminResponse {
        func handler(_ text: String) -> AdminRoutes.Handler {
            { _ in AdminResponse(status: 200, body: Array(text.utf8)) }
        }
        let routes = AdminRoutes([
            (.get, "/status", handler("got")), (.post, "/reload", handler("posted")),
            (.get, "/both", handler("got")), (.post, "/both", handler("posted")),
        ])
        return await routes.answer(AdminRequest(method: method, path: path, query: "", body: []))
    }

    private func text(_ answer: AdminResponse, _ method: Method) -> String {
        String(decoding: answer.bytes(answering: method), as: UTF8.self)
    }
}
