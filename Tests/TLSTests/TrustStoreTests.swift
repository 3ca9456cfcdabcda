import Glibc
import LoopTestSupport
import OCMEventLoop
import OCMTLS
import Testing

@Suite struct TrustStoreTests {
    @Test func theSystemsBundleIsLoadedOnce() throws {
        try onLoop {
            let store = try TrustStore.system()
            #expect(store.count > 50)
            #expect(try TrustStore.system() === store)
        }
    }

    @Test func bytesThatWereReadElsewhereServeAsWellAsTheFiles() throws {
        try onLoop {
            let loaded = try TrustSource.file(path: Certificates.path("ca.pem")).loaded()
            let server = try await SecureServer("good", "-www")
            try await with(server) {
                let context = try TLSContext(client: .init(), trust: TrustStore([loaded]))
                try await server.secured(context).close()
            }
            let (copy, original) = try (TrustStore([TrustSource.system.loaded()]), TrustStore.system())
            #expect(copy.count == original.count)
        }
    }

    @Test func aDirectoryIsReadWholeWithoutWhatIsNoCertificate() throws {
        try onLoop {
            let directory = Certificates.path("anchors")
            let place = Certificates.directory
            #expect(
                system(
                    """
                    mkdir -p \(directory)/sub && cd \(directory) && cp \(place)/ca.pem \(place)/stranger.pem . \
                    && cp \(place)/ca.key key.pem && echo text > README && ln -sf ca.pem 0123abcd.0
                    """) == 0)
            let store = try TrustStore([.directory(path: directory)])
            #expect(store.count == 2)
        }
    }

    @Test func whatCanNotBeLoadedIsNamed() throws {
        try onLoop {
            let missing = "/nonexistent/ca.pem"
            #expect(throws: TrustError.unreadable(path: missing, SystemError("open", ENOENT))) {
                try TrustStore([.file(path: missing)])
            }
            let key = Certificates.path("ca.key")
            #expect(throws: TrustError.noCertificate(path: key)) {
                try TrustStore([.file(path: key)])
            }
            #expect(throws: TrustError.noCertificate(path: nil)) { try TrustStore([.pem([])]) }
            guard case .pem(var bytes) = try TrustSource.file(path: Certificates.path("ca.pem")).loaded() else {
                return
            }
            bytes += bytes.replacing(Array("MI".utf8), with: Array("AA".utf8), maxReplacements: 1)
            #expect(throws: TrustError.malformed(path: nil, certificate: 2)) { try TrustStore([.pem(bytes)]) }
        }
    }
}
