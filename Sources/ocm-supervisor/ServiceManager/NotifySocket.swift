import CShims
import CSystemd
import Glibc
import OCMEventLoop

/// Where the service manager listens (NOTIFY_SOCKET, sd_notify(3)). sd_notify itself would wait for a manager that does not
/// read, and everything with it; this never waits.
struct NotifySocket {
    enum Outcome {
        /// Sent, or never to be.
        case done
        /// The manager has more to read than it takes.
        case full
    }

    private let name: String

    /// Nil where nobody wants to hear anything.
    init?() {
        guard let name = unsafe getenv("NOTIFY_SOCKET").map({ unsafe String(cString: $0) }) else { return nil }
        self.name = name
    }

    func send(_ text: String, with descriptors: [Int32]) -> Outcome {
        guard name.hasPrefix("/") || name.hasPrefix("@") else {
            // A kind of socket that the library may know.
            _ = unsafe sd_pid_notify_with_fds(0, 0, text, descriptors, UInt32(descriptors.count))
            return .done
        }
        // Each time anew: a manager that is executed anew has another socket.
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        guard let socket = try? FileDescriptor("socket", Glibc.socket(AF_UNIX, type, 0)), connect(socket.number) else {
            return .done
        }
        let bytes = Array(text.utf8)
        let count = unsafe ocm_send_packet(socket.number, bytes, bytes.count, descriptors, descriptors.count)
        return count < 0 && errno == EAGAIN ? .full : .done
    }

    /// `@` stands for the abstract namespace (unix(7)).
    private func connect(_ number: Int32) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 } else { bytes.append(0) }
        let isWhole = unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            guard bytes.count <= path.count else { return false }
            unsafe path.copyBytes(from: bytes)
            return true
        }
        guard isWhole else { return false }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        return unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(number, $0, length) == 0
            }
        }
    }
}
