internal import CShims

/// The socket on which the journal takes records.
package enum JournalSocket {
    /// Opens one that is connected; nil where there is no journal. It is close-on-exec.
    package static func open() -> Int32? {
        let number = ocm_journal_open()
        return number < 0 ? nil : number
    }

    /// Connects it anew after the journal's own socket has been made anew. All processes that have inherited the socket
    /// are connected with it, also those that could not reach the journal's path.
    @discardableResult
    package static func reconnect(_ number: Int32) -> Bool {
        ocm_journal_connect(number) == 0
    }

    /// Folder and name of the journal's socket.
    package static let directory = "/run/systemd/journal"
    package static let name = "socket"
}
