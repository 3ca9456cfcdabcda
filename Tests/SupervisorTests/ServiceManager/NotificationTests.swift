import OCMEventLoop
import Testing

@testable import ocm_supervisor

/// What goes to the service manager is what sd_notify(3) says.
struct NotificationTests {
    @Test("ready, reloading and stopping carry what the manager has to know with them")
    func transitions() {
        #expect(Notification.ready(status: "serving").text == "READY=1\nSTATUS=serving")
        #expect(
            Notification.reloading(at: Instant(nanoseconds: 1_234_567_890)).text
                == "RELOADING=1\nMONOTONIC_USEC=1234567")
        #expect(Notification.stopping(status: "finishing").text == "STOPPING=1\nSTATUS=finishing")
    }

    @Test("time is asked for in microseconds")
    func extensions() {
        #expect(Notification.extended(by: .seconds(30)).text == "EXTEND_TIMEOUT_USEC=30000000")
        #expect(Notification.extended(by: .milliseconds(1500)).text == "EXTEND_TIMEOUT_USEC=1500000")
    }

    @Test("a failure has its error number where there is one")
    func failures() {
        #expect(Notification.failed("no room", code: 28).text == "STATUS=no room\nERRNO=28")
        #expect(Notification.failed("wrong", code: nil).text == "STATUS=wrong")
    }

    @Test("a status can't smuggle in another assignment")
    func statusIsOneLine() {
        #expect(Notification.status("a\nMAINPID=1").text == "STATUS=a?MAINPID=1")
    }

    @Test("what is stored is kept whatever becomes of the other end")
    func store() {
        #expect(Notification.stored(as: "listen-codex").text == "FDSTORE=1\nFDNAME=listen-codex\nFDPOLL=0")
        #expect(Notification.forgotten("listen-codex").text == "FDSTOREREMOVE=1\nFDNAME=listen-codex")
    }
}
