import CSystemd
import Glibc
import OCMEventLoop

/// A descriptor that the service manager has opened, or kept, for this process (sd_listen_fds(3)).
struct HandedDescriptor: Equatable {
    /// What it is, as far as that decides what becomes of it.
    enum Kind: Equatable {
        case listener
        /// A stream socket that is connected, or does not listen yet.
        case silentStream
        /// SOCK_DGRAM, SOCK_SEQPACKET and what else there is.
        case otherSocket
        case noSocket
    }

    /// FileDescriptorName= of the socket unit, or the name that it was stored under.
    let name: String
    let number: Int32
    let kind: Kind
    /// Where it is bound; nil where that is no address of OCM's.
    let address: SocketAddress?
}

extension HandedDescriptor {
    /// Takes all of them, once: the variables that name them are gone afterwards, so no other program takes them for its
    /// own, not even one that is executed in this one's place. They are close-on-exec.
    @EventLoop static func takeAll() -> [HandedDescriptor] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe sd_listen_fds_with_names(1, &names)
        defer { unsafe free(names) }
        guard count > 0 else { return [] }
        return (0..<Int(count)).map { index in
            let name = unsafe names?[index]
            defer { unsafe free(name) }
            return unsafe HandedDescriptor(
                name: name.map { unsafe String(cString: $0) } ?? "", number: Int32(SD_LISTEN_FDS_START) + Int32(index))
        }
    }

    @EventLoop private init(name: String, number: Int32) {
        // Whatever NonBlocking= of the unit says: accept4(2) must not wait for a connection that another worker has taken.
        _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
        self.init(
            name: name, number: number, kind: Kind(of: number), address: Listener.localAddress(of: number))
    }
}

extension HandedDescriptor.Kind {
    @EventLoop fileprivate init(of number: Int32) {
        if Listener.isListening(number) {
            self = .listener
            return
        }
        var type: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        if unsafe getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) != 0 {
            self = .noSocket
        } else {
            self = type == Int32(SOCK_STREAM.rawValue) ? .silentStream : .otherSocket
        }
    }
}
