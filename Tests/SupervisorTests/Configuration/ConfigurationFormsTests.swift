import OCMTLS
import Testing

@testable import ocm_supervisor

@Suite("Forms of values")
struct ConfigurationFormsTests {
    @Test(
        "durations are read with their units",
        arguments: [
            ("0", Duration.zero), ("0s", .zero), ("300ms", .milliseconds(300)), ("15s", .seconds(15)),
            ("5m", .seconds(300)),
            ("1h30m", .seconds(5400)), ("2d", .seconds(172_800)), ("1.5h", .seconds(5400)), (".5s", .milliseconds(500)),
            ("1.s", .seconds(1)), ("100us", .microseconds(100)), ("100µs", .microseconds(100)),
            ("7ns", .nanoseconds(7)),
            ("1d2h3m4s5ms", .seconds(93_784) + .milliseconds(5)), ("1m1m", .seconds(120)),
            ("0.000000001s", .nanoseconds(1)),
            ("3650d", .seconds(315_360_000)),
        ])
    func durations(_ text: String, _ expected: Duration) {
        #expect(DurationText.parse(text) == .success(expected))
    }

    @Test(
        "what is no duration is refused for its reason",
        arguments: [
            ("", DurationText.Fault.malformed), ("5", .malformed), ("s", .malformed), ("5 s", .malformed),
            ("5S", .malformed),
            ("1h30", .malformed), ("1w", .malformed), ("5s ", .malformed), ("+5s", .malformed), ("1,5s", .malformed),
            (".s", .malformed),
            ("1..5s", .malformed), ("٥s", .malformed), ("-", .malformed), ("-5s", .negative), ("3651d", .tooLong),
            ("99999999999999999999s", .tooLong),
            ("106752d", .tooLong), ("3650d1ns", .tooLong),
        ])
    func refusedDurations(_ text: String, _ fault: DurationText.Fault) {
        #expect(DurationText.parse(text) == .failure(fault))
    }

    @Test(
        "base URLs",
        arguments: [
            ("https://api.openai.com", "https://api.openai.com"), ("https://api.openai.com/", "https://api.openai.com"),
            ("HTTPS://API.OpenAI.com:443/v1/", "https://api.openai.com/v1"),
            ("https://a.example:8443/x/y", "https://a.example:8443/x/y"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"), ("http://[::1]:80/x", "http://[::1]/x"),
            ("https://[2001:DB8::1]", "https://[2001:db8::1]"), ("http://localhost", "http://localhost"),
            ("https://a.example/%7Euser", "https://a.example/%7Euser"),
        ])
    func baseURLs(_ text: String, _ expected: String) {
        #expect(BaseURL(parsing: text)?.text == expected)
    }

    @Test(
        "what no path can be appended to is no base URL",
        arguments: [
            "", "api.openai.com", "ftp://a.example", "https:/a.example", "https://", "https:///x",
            "https://a.example?x", "https://a.example/#",
            "https://u@a.example", "https://u:p@a.example", "https://a.example:0", "https://a.example:65536",
            "https://a.example:", "https://a.example:8x",
            "https://::1", "https://[::1", "https://[127.0.0.1]", "https://a..example", "https://-a.example",
            "https://a.example/../x",
            "https://a.example/./x", "https://a.example//x", "https://a.example/a b", "https://a.example/é",
            "https://a.example\\x", " https://a.example",
        ])
    func refusedBaseURLs(_ text: String) {
        #expect(BaseURL(parsing: text) == nil)
    }

    @Test("http leads to loopback only")
    func clearText() {
        for (host, isLoopback) in [
            ("127.0.0.1", true), ("127.1.2.3", true), ("[::1]", true), ("localhost", true),
            ("[::ffff:127.0.0.1]", true), ("10.0.0.1", false),
            ("localhost.example.com", false), ("[::2]", false), ("127.0.0.1.example.com", false),
        ] {
            #expect(BaseURL(parsing: "http://\(host)")?.isLoopback == isLoopback, "\(host)")
        }
    }

    @Test("addresses are read and written in their shortest form")
    func addresses() {
        for (text, shortest) in [
            ("127.0.0.1", "127.0.0.1"), ("::", "::"), ("0:0:0:0:0:0:0:1", "::1"), ("2001:DB8:0::1", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1%eth0"),
        ] {
            #expect(NumericAddress(text)?.text == shortest)
        }
        for text in [
            "", "localhost", "127.1", "127.0.0.1%lo", "127.0.0.256", "127.0.0.01", ":::", "::1%", "::1%a/b", "[::1]",
            "::1 ", "1.2.3.4:80",
        ] {
            #expect(NumericAddress(text) == nil, "\(text)")
        }
    }

    @Test("a range holds the addresses of its prefix and no others")
    func ranges() throws {
        func range(_ text: String) throws -> AddressRange {
            let value = try SourceReaderTests.read("\"\(text)\"")
            return try #require(Form.addressRange.read(value, Diagnostics(SourceText(file: "", bytes: []))))
        }
        for (text, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"), ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
            ("192.168.1.128/25", "192.168.1.200", "192.168.1.100"),
            ("0.0.0.0/0", "1.2.3.4", "::1"), ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
            ("::1", "::1", "::2"),
        ] {
            let range = try range(text)
            #expect(range.contains(try #require(NumericAddress(inside))), "\(text)")
            #expect(!range.contains(try #require(NumericAddress(outside))), "\(text)")
        }
        #expect(try range("10.1.2.3/8").network.text == "10.0.0.0")
    }

    @Test("digests are SHA-256")
    func digests() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(SHA256Digest(of: "abc").hexadecimal == abc)
        #expect(SHA256Digest(of: "").hexadecimal == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(SHA256Digest(hexadecimal: abc) == SHA256Digest(of: "abc"))
        #expect(SHA256Digest(hexadecimal: abc.uppercased()) == SHA256Digest(of: "abc"))
        for text in [
            "", "ba78", abc + "00", String(abc.dropLast()) + "g", String(abc.dropLast()) + "é",
            String(repeating: "é", count: 32),
        ] {
            #expect(SHA256Digest(hexadecimal: text) == nil)
        }
    }

    @Test("routing marks are numbers or strings of them")
    func marks() throws {
        func mark(_ text: String) throws -> UInt32? {
            Form.mark.read(try SourceReaderTests.read(text), Diagnostics(SourceText(file: "", bytes: [])))
        }
        #expect(try mark("4294967295") == .max)
        #expect(try mark("\"0x1A\"") == 26)
        #expect(try mark("\"26\"") == 26)
        for text in ["-1", "4294967296", "1.0", "\"0x\"", "\"0x100000000\"", "\"x\"", "true", "[1]"] {
            #expect(try mark(text) == nil, "\(text)")
        }
    }

    @Test("misspelt names find the one that was meant, and only a near one")
    func spelling() {
        let known = ["listen", "listen_port", "credential_path", "usages_path", "users", "token", "tag"]
        for (name, meant) in [
            ("listen_prot", "listen_port"), ("listenPort", "listen_port"), ("listen-port", "listen_port"),
            ("Token", "token"), ("tokne", "token"),
            ("user", "users"), ("usage_path", "usages_path"), ("credentials_path", "credential_path"),
        ] {
            #expect(Spelling.nearest(to: name, among: known) == meant)
        }
        for name in ["password", "x", "", "proxy", "listeners_and_ports"] {
            #expect(Spelling.nearest(to: name, among: known) == nil, "\(name)")
        }
    }
}
