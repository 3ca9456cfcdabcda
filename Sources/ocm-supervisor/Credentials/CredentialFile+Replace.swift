internal import CShims
internal import Glibc
internal import OCMEventLoop

/// The write-back: a new file in the old one's place, and never a moment without a whole one.
extension CredentialFile {
    /// Puts `text` in the place of `old`, mode and owner kept. False where the file is another one by then.
    ///
    /// Between the last look at the old file and the rename lie some microseconds. Whoever had the old file open for
    /// writing then writes into a file without a name; `old` is still open, and a later look at it finds that.
    static func replace(
        _ target: String, _ old: borrowing Opened, with text: Secret, as user: uid_t = geteuid()
    ) throws(SaveProblem) -> Bool {
        guard old.owner == user || user == 0 else { throw .foreignOwner(old.owner) }
        do throws(SystemError) {
            var draft = try Draft.replacing(old, at: target)
            try draft.write(text)
            guard CredentialFile(path: target).signature == old.signature else { return false }
            do throws(SystemError) {
                try draft.replace(target)
            } catch {
                guard error.code == EBUSY else { throw error }
                try overwrite(target, with: text)
            }
            try synchronise(directory: directory(of: target))
            return true
        } catch {
            throw SaveProblem(error)
        }
    }

    /// Texts that did not come to their place: a process was ended while it wrote.
    static func unfinished(for target: String) throws(SystemError) -> [String] {
        try siblings(of: target, beginning: Draft.beginning)
    }

    /// A file that is mounted by itself, as containers like to, can't be renamed over: it is written in its place, in
    /// one call, padded with white space to the old length. Between any two calls a whole text stands there.
    private static func overwrite(_ target: String, with text: Secret) throws(SystemError) {
        let descriptor = try FileDescriptor("open", unsafe Glibc.open(target, O_WRONLY | O_CLOEXEC | O_NOFOLLOW))
        let number = descriptor.number
        guard ocm_reserve(number, text.count) == 0 else { throw SystemError("fallocate") }
        let padded = text.padded(to: length(of: number))
        try padded.withBytes { bytes throws(SystemError) in try FileDescriptor.writeAll(bytes, to: number) }
        guard ftruncate(number, off_t(text.count)) == 0 else { throw SystemError("ftruncate") }
        guard fsync(number) == 0 else { throw SystemError("fsync") }
    }

    private static func length(of number: Int32) -> Int {
        var status = stat()
        return unsafe fstat(number, &status) == 0 ? min(Int(status.st_size), AuthFile.maximumSize) : 0
    }

    static func synchronise(directory: String) throws(SystemError) {
        let descriptor = try FileDescriptor(
            "open", unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        guard fsync(descriptor.number) == 0 else { throw SystemError("fsync") }
    }
}

extension Secret {
    /// With spaces behind it, which mean nothing in JSON.
    fileprivate func padded(to length: Int) -> Secret {
        if length <= count { return self }
        return Secret(capacity: length) { output in
            withBytes { bytes in
                for index in bytes.indices { output.append(bytes[index]) }
            }
            while output.count < length { output.append(UInt8(ascii: " ")) }
        }
    }
}

extension SaveProblem {
    init(_ error: SystemError) {
        self = .system(call: "\(error.call)", text: error.reason)
    }
}
