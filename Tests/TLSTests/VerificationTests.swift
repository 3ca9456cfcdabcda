import Glibc
import LoopTestSupport
import OCMEventLoop
import OCMTLS
import Testing

/// Whose certificate is taken, and what is said of the others.
@Suite struct VerificationTests {
    private func handshake(
        with certificate: String, trusting authority: String = "ca", host: String = "localhost"
    ) throws -> TLSError? {
        nonisolated(unsafe) var failure: TLSError?
        try onLoop {
            let server = try await SecureServer(certificate, "-www")
            try await with(server) {
                let context = try clientContext(trusting: authority)
                do {
                    let stream = try await server.secured(context, host: host)
                    stream.close()
                } catch let error as TLSError {
                    failure = error
                }
            }
        }
        return failure
    }

    @Test func aCertificateForTheHostByATrustedAuthorityIsTaken() throws {
        #expect(try handshake(with: "good") == nil)
        #expect(try handshake(with: "good", host: "localhost.") == nil)
        #expect(try handshake(with: "good", host: "LOCALHOST") == nil)
    }

    @Test func anAddressIsFoundInTheCertificateAsAnAddress() throws {
        #expect(try handshake(with: "good", host: "127.0.0.1") == nil)
        #expect(try handshake(with: "name-only", host: "127.0.0.1") == .certificate(.wrongHost))
    }

    @Test func aTrustedCertificateNeedsNoAuthority() throws {
        #expect(try handshake(with: "self-signed", trusting: "self-signed") == nil)
        #expect(try handshake(with: "good", trusting: "good") == nil)
    }

    @Test(arguments: [
        ("other", CertificateFault.wrongHost), ("common-name-only", .wrongHost), ("expired", .expired),
        ("future", .notYetValid), ("self-signed", .selfSigned), ("foreign", .unknownAuthority),
    ])
    func aCertificateThatIsNotGoodIsRefusedByItsFault(_ certificate: String, _ fault: CertificateFault) throws {
        #expect(try handshake(with: certificate) == .certificate(fault))
    }

    @Test(arguments: ["", ".", "local\0host", String(repeating: "a", count: 300)])
    func aHostThatNoCertificateCanNameIsRefused(_ host: String) throws {
        #expect(try handshake(with: "good", host: host) == .invalidHost)
    }

    @Test func theServerIsToldTheNameButNoAddress() throws {
        try onLoop {
            let server = try await SecureServer(
                "other", "-www", "-servername", "localhost", "-cert2", Certificates.path("good.pem"), "-key2",
                Certificates.path("good.key"))
            try await with(server) {
                let context = try clientContext(trusting: "ca")
                try await server.secured(context).close()
                await #expect(throws: TLSError.certificate(.wrongHost)) {
                    try await server.secured(context, host: "127.0.0.1")
                }
            }
        }
    }
}
