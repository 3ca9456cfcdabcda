import Glibc
import OCMEventLoop

/// Whole files, read by name (open(2), read(2)).
enum FileContents {
    static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// At most `limit` bytes of a file.
    static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        try read(try FileDescriptor("open", unsafe open(path, O_RDONLY | O_CLOEXEC)), limit: limit)
    }

    private static func read(_ descriptor: borrowing FileDescriptor, limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let room = min(limit - bytes.count, 64 * 1024)
            let chunk = try read(descriptor.number, atMost: room)
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }

    /// At most `limit` bytes of a regular file: anything else might have no end, or keep its reader waiting for ever.
    static func readRegular(_ path: String, limit: Int) throws(Unreadable) -> [UInt8] {
        do throws(SystemError) {
            let descriptor = try FileDescriptor("open", unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
            var status = stat()
            guard unsafe fstat(descriptor.number, &status) == 0 else { throw SystemError("fstat") }
            if status.st_mode & S_IFMT == S_IFREG { return try read(descriptor, limit: limit) }
        } catch {
            throw Unreadable(reason: error.reason)
        }
        throw Unreadable(reason: "it is no regular file")
    }

    /// Why a file can't be read, in a few words.
    struct Unreadable: Error {
        let reason: String
    }

    private static func read(_ number: Int32, atMost room: Int) throws(SystemError) -> [UInt8] {
        while true {
            var count = 0
            let chunk = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, initialized in
                count = unsafe Glibc.read(number, buffer.baseAddress, room)
                initialized = max(count, 0)
            }
            if count >= 0 { return chunk }
            guard errno == EINTR else { throw SystemError("read") }
        }
    }
}

extension SystemError {
    /// The words of strerror(3) without the name of the call.
    var reason: String {
        unsafe String(cString: strerror(code))
    }
}
