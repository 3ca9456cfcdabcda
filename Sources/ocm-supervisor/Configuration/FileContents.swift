import Glibc
import OCMEventLoop

/// Whole files, read by name (open(2), read(2)).
enum FileContents {
    static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// At most `limit` bytes of a file.
    static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        let descriptor = try FileDescriptor("open", unsafe open(path, O_RDONLY | O_CLOEXEC))
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let room = min(limit - bytes.count, 64 * 1024)
            let chunk = try read(descriptor.number, atMost: room)
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
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
