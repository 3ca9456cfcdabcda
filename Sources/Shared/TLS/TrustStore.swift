internal import COpenSSL
package import OCMEventLoop

/// The authorities by which peers' certificates are judged. Contexts share one: parsing the system's takes 35 ms.
@safe @EventLoop package final class TrustStore {
    private let store: StoreHandle
    /// How many certificates were loaded, duplicates included.
    package private(set) var count = 0

    var pointer: OpaquePointer { unsafe store.pointer }

    /// Loads everything now, so that nothing is read later, when the process may have no access to files.
    package init(_ sources: [TrustSource]) throws(TrustError) {
        guard let store = StoreHandle() else { throw .noSystemStore }
        self.store = store
        // Whatever is configured is an anchor, an intermediate or a server's own certificate too.
        unsafe X509_STORE_set_flags(self.store.pointer, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        for source in sources { try add(source) }
    }

    private static var loadedSystem: TrustStore?

    /// The system's authorities, parsed at the first call.
    package static func system() throws(TrustError) -> TrustStore {
        if let loadedSystem { return loadedSystem }
        let store = try TrustStore([.system])
        loadedSystem = store
        return store
    }

    private func add(_ source: TrustSource) throws(TrustError) {
        if case .pem(let bytes) = source {
            guard try add(pem: bytes, of: nil) > 0 else { throw .noCertificate(path: nil) }
            return
        }
        var found = 0
        for file in try source.files() ?? [] {
            found += try add(pem: try TrustSource.read(file), of: file)
        }
        guard found > 0 else { throw .noCertificate(path: source.path) }
    }

    /// Adds the certificates among the PEM blocks and returns their number.
    private func add(pem bytes: [UInt8], of path: String?) throws(TrustError) -> Int {
        var found = 0
        let isWhole = unsafe bytes.withUnsafeBytes { bytes in
            guard let memory = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return false
            }
            defer { unsafe BIO_free(memory) }
            ERR_clear_error()
            while let certificate = unsafe PEM_read_bio_X509_AUX(memory, nil, nil, nil) {
                defer { unsafe X509_free(certificate) }
                guard unsafe X509_STORE_add_cert(store.pointer, certificate) == 1 else { return false }
                found += 1
            }
            // The end of the text shows as "no start line", which is all that may stand in the queue.
            let reason = ERR_peek_last_error()
            ERR_clear_error()
            return ERR_GET_LIB(reason) == ERR_LIB_PEM && ERR_GET_REASON(reason) == PEM_R_NO_START_LINE
        }
        guard isWhole else { throw .malformed(path: path, certificate: found + 1) }
        count += found
        return found
    }
}

extension TrustSource {
    fileprivate var path: String? {
        switch self {
        case .file(let path), .directory(let path): path
        case .system, .pem: nil
        }
    }
}
