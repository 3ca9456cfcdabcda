internal import CShims
internal import Glibc
internal import OCMEventLoop
internal import OCMTLS

/// The raw answers of the token endpoint, kept beside auth.json until the tokens in them have been written there.
///
/// A copy begins with a line of ours, `ocm-answer 1 DIGEST`, where DIGEST is the SHA-256 of the refresh token that was
/// asked with; what follows is the answer as it came from the connection.
enum RecoveryCopy {
    /// Larger answers are not the token endpoint's.
    static let maximumSize = 256 << 10
    /// Promised by the file system before anything is asked: a disk that fills up meanwhile does not lose the answer.
    private static let reservation = 64 << 10
    private static let marker = "ocm-answer 1 "

    private static let beginning = "answer-"

    /// Paths of the copies for the login at `target`, in no order.
    static func paths(for target: String) throws(SystemError) -> [String] {
        try CredentialFile.siblings(of: target, beginning: beginning)
    }

    static func newPath(for target: String) -> String {
        CredentialFile.sibling(of: target, beginning + CredentialFile.uniqueSuffix())
    }

    /// Makes the file, with its first line and room for the answer, before anything is asked.
    static func create(_ path: String, spending token: Secret) throws(SystemError) -> FileDescriptor {
        let descriptor = try FileDescriptor(
            "open", unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_APPEND, 0o600))
        descriptor.giveToOwner(of: CredentialFile.directory(of: path))
        do throws(SystemError) {
            guard ocm_reserve(descriptor.number, reservation) == 0 else { throw SystemError("fallocate") }
            try descriptor.writeAll((marker + token.digest.hexadecimal + "\n").utf8Span.span)
            guard fsync(descriptor.number) == 0 else { throw SystemError("fsync") }
            try CredentialFile.synchronise(directory: CredentialFile.directory(of: path))
            return descriptor
        } catch {
            unsafe unlink(path)
            throw error
        }
    }

    /// Without tokens there is nothing in a copy: the endpoint refused, or was never asked. But what it said to the
    /// contrary, and an answer that broke off, stay. `number`: the open copy.
    static func isWorthKeeping(_ number: Int32, after result: ExchangeResult) -> Bool {
        switch result {
        case .success, .failure(.notUnderstood): return true
        case .failure(.failed(.exchange, _)), .failure(.failed(.deadline, _)):
            var status = stat()
            let firstLine = marker.utf8.count + 2 * SHA256Digest.byteCount + 1
            return unsafe fstat(number, &status) == 0 && status.st_size > firstLine
        case .failure: return false
        }
    }

    /// What a copy holds.
    enum Reading {
        /// The digest of the token that was asked with, the answer, and when it was last written to.
        case answer(spent: SHA256Digest, Secret, time: Timestamp)
        /// It is none, is gone, or its exchange was ended before it had asked.
        case nothing
        /// Not now: no descriptors are left, or it belongs to somebody else.
        case unreadable
    }

    static func read(_ path: String) -> Reading {
        let number = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard number >= 0 else { return errno == ENOENT || errno == ELOOP ? .nothing : .unreadable }
        let descriptor = FileDescriptor(owning: number)
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { return .unreadable }
        guard status.st_mode & S_IFMT == S_IFREG else { return .nothing }
        do throws(SystemError) {
            let text = try CredentialFile.contents(of: descriptor.number, atMost: maximumSize + 1024)
            guard let (spent, answer) = parse(text), !answer.isEmpty else { return .nothing }
            return .answer(spent: spent, answer, time: CredentialFile.Signature(status).modified)
        } catch {
            return .unreadable
        }
    }

    private static func parse(_ text: Secret) -> (SHA256Digest, Secret)? {
        text.withBytes { bytes in
            let start = marker.utf8.count
            let end = start + 2 * SHA256Digest.byteCount
            guard bytes.count > end, bytes[end] == UInt8(ascii: "\n"),
                marker.utf8.elementsEqual((0..<start).map { bytes[$0] }),
                let digest = SHA256Digest(
                    hexadecimal: String(decoding: (start..<end).map { bytes[$0] }, as: UTF8.self))
            else { return nil }
            return (digest, Secret(bytes.extracting(droppingFirst: end + 1)))
        }
    }
}
