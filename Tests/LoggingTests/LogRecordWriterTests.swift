import Logging
import Testing

@testable import OCMLogging

/// What a record becomes in each form of the log.
@Suite struct LogRecordWriterTests {
    private func record(
        _ form: LogForm, _ message: String = "request", fields: (inout LogRecordWriter) -> Void = { _ in }
    ) -> String {
        var writer = LogRecordWriter(form: form, hasTime: false, identifier: "ocm-test")
        writer.begin(.warning, message)
        fields(&writer)
        writer.end()
        #expect(writer.ends == [writer.bytes.count])
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func aRecordHasItsFieldsInTheOrderInWhichTheyWereWritten() {
        let fields: (inout LogRecordWriter) -> Void = {
            $0.field("user", "alice")
            $0.field("status", 200)
            $0.field("request_id", hexadecimal: 0x0123_4567_89ab_cdef)
        }
        #expect(record(.text, fields: fields) == "warning request user=alice status=200 request_id=0123456789abcdef\n")
        #expect(
            record(.json, fields: fields)
                == #"{"level":"warning","message":"request","user":"alice","status":200,"request_id":"0123456789abcdef"}"#
                + "\n")
        #expect(
            record(.journal, fields: fields) == """
                MESSAGE=request user=alice status=200 request_id=0123456789abcdef
                PRIORITY=4
                SYSLOG_IDENTIFIER=ocm-test
                OCM_USER=alice
                OCM_STATUS=200
                OCM_REQUEST_ID=0123456789abcdef

                """)
    }

    @Test(arguments: [
        ("", #""""#), ("a b", #""a b""#), ("a\"b", #""a\"b""#), ("a\nlevel=x", #""a\nlevel=x""#),
        ("a\u{1}", #""a\u0001""#),
        ("a\u{7f}", #""a\u007f""#), ("größe", "größe"), ("back\\slash", "back\\slash"),
    ])
    func noValueEndsItsLineOrPassesForAnotherKey(value: String, shown: String) {
        #expect(record(.text) { $0.field("key", value) } == "warning request key=\(shown)\n")
    }

    @Test(arguments: [
        ("", #""""#), ("a\"b\\c", #""a\"b\\c""#), ("a\u{0}\t\r\n", #""a\u0000\t\r\n""#), ("größe", #""größe""#),
    ])
    func jsonIsJSON(value: String, shown: String) {
        #expect(
            record(.json) { $0.field("key", value) } == #"{"level":"warning","message":"request","key":"#
                + "\(shown)}\n")
    }

    @Test func whatIsNoTextIsRepaired() {
        let bytes: [UInt8] = [0x61, 0xff, 0x62]
        #expect(record(.text) { $0.field("key", bytes.span) } == "warning request key=a\u{fffd}b\n")
        #expect(record(.json) { $0.field("key", bytes.span) }.contains("\"a\u{fffd}b\""))
    }

    @Test func aFieldOfTheJournalWithALineEndHasItsLength() {
        let text = record(.journal) { $0.field("reason", "a\nPRIORITY=0") }
        #expect(
            text == "MESSAGE=request reason=\"a\\nPRIORITY=0\"\nPRIORITY=4\nSYSLOG_IDENTIFIER=ocm-test\nOCM_REASON\n"
                + "\u{c}\0\0\0\0\0\0\0a\nPRIORITY=0\n")
    }

    @Test func aMessageOfTheJournalIsOneLine() {
        #expect(record(.journal, "a\nPRIORITY=0").hasPrefix("MESSAGE=\"a\\nPRIORITY=0\"\nPRIORITY=4\n"))
    }

    @Test(arguments: [
        ("api_request_id", "API_REQUEST_ID"), ("a-b.c", "A_B_C"),
        (String(repeating: "k", count: 90), String(repeating: "K", count: 60)),
    ])
    func keysBecomeNamesOfTheJournal(key: String, name: String) {
        #expect(record(.journal) { $0.field(key, "v") }.contains("\nOCM_\(name)=v\n"))
    }

    @Test func numbersAreWhole() {
        for number in [0, 9, 10, 18_446_744_073_709_551_615] as [UInt64] {
            #expect(record(.text) { $0.field("n", number) } == "warning request n=\(number)\n")
        }
    }

    @Test func theTimeIsRFC3339InUTC() throws {
        var writer = LogRecordWriter(form: .text, hasTime: true, identifier: "ocm-test")
        for _ in 0..<3 {
            writer.begin(.info, "x")
            writer.end()
        }
        let lines = String(decoding: writer.bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 3)
        for line in lines {
            #expect(try /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ info x$/.wholeMatch(in: line) != nil)
        }
    }
}
