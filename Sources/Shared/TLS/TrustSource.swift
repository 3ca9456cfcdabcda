internal import Glibc
package import OCMEventLoop

/// Where the certificates of trusted authorities come from.
package enum TrustSource: Hashable, Sendable {
    /// The system's bundle, or what SSL_CERT_FILE names.
    case system
    /// A file with certificates in PEM.
    case file(path: String)
    /// A directory with such files; links within the directory and files without a certificate are passed over.
    case directory(path: String)
    /// Certificates in PEM.
    case pem([UInt8])
}

/// Why authorities could not be loaded.
package enum TrustError: Error, Equatable, Sendable {
    /// No bundle stands where systems have theirs.
    case noSystemStore
    case unreadable(path: String, SystemError)
    /// Nothing in it is a certificate in PEM. The path is nil for bytes.
    case noCertificate(path: String?)
    /// The certificate of this number, from 1, is damaged. The path is nil for bytes.
    case malformed(path: String?, certificate: Int)
}

extension TrustError: CustomStringConvertible {
    /// For people.
    package var description: String {
        switch self {
        case .noSystemStore:
            "the system has no bundle of trusted certificates: install ca-certificates, or set SSL_CERT_FILE"
        case .unreadable(let path, let error): "\(path): \(error)"
        case .noCertificate(let path): "\(path ?? "the given text"): no certificate in PEM"
        case .malformed(let path, let number): "\(path ?? "the given text"): certificate \(number) is damaged"
        }
    }
}

extension TrustSource {
    /// The system's bundle under the names that distributions give it.
    private static let bundles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    /// The files of the source, in order; nil for bytes, which have none.
    func files() throws(TrustError) -> [String]? {
        switch self {
        case .pem: return nil
        case .file(let path): return [path]
        case .directory(let path): return try TrustSource.entries(of: path)
        case .system:
            if let named = unsafe getenv("SSL_CERT_FILE") { return [unsafe String(cString: named)] }
            guard let bundle = TrustSource.bundles.first(where: { unsafe access($0, R_OK) == 0 }) else {
                throw .noSystemStore
            }
            return [bundle]
        }
    }

    private static func entries(of path: String) throws(TrustError) -> [String] {
        guard let directory = unsafe opendir(path) else { throw .unreadable(path: path, SystemError("opendir")) }
        defer { unsafe closedir(directory) }
        var files: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
            }
            let file = "\(path)/\(name)"
            if !name.hasPrefix("."), isFile(file), !isLinkWithinItsDirectory(file) { files.append(file) }
        }
        return files.sorted()
    }

    private static func isFile(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// The links that `openssl rehash` makes name certificates that the directory has anyway.
    private static func isLinkWithinItsDirectory(_ path: String) -> Bool {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe readlink(path, &target, target.count)
        return length > 0 && !target.prefix(length).contains(CChar(UInt8(ascii: "/")))
    }

    /// Larger files are no certificates; Debian's bundle has a quarter of a megabyte.
    private static let maximumFileSize = 16 << 20

    static func read(_ path: String) throws(TrustError) -> [UInt8] {
        let descriptor: FileDescriptor
        do {
            descriptor = try FileDescriptor("open", unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
        } catch {
            throw .unreadable(path: path, error)
        }
        // Anything else might keep its reader waiting for ever.
        guard isFile(path) else { throw .unreadable(path: path, SystemError("open", EINVAL)) }
        let number = descriptor.number
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while bytes.count <= maximumFileSize {
            let count = unsafe Glibc.read(number, &block, block.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(path: path, SystemError("read"))
            }
            bytes += block.prefix(count)
        }
        throw .unreadable(path: path, SystemError("read", EFBIG))
    }
}

extension TrustSource {
    /// Reads the source, so that it can be handed, as ``pem(_:)``, to a process without access to files.
    package func loaded() throws(TrustError) -> TrustSource {
        guard let files = try files() else { return self }
        var bytes: [UInt8] = []
        for file in files {
            bytes += try TrustSource.read(file)
            bytes.append(UInt8(ascii: "\n"))
        }
        return .pem(bytes)
    }
}
