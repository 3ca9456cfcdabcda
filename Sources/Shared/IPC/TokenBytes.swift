internal import Glibc

/// A token on its way from the supervisor to the API, zeroed when the last owner lets go. Nothing prints it.
package final class TokenBytes: Sendable {
    /// Made here and never given away, so that there is no second owner.
    private let bytes: [UInt8]

    /// Copies `token`; the caller's copy is the caller's to clear.
    package init(_ token: Span<UInt8>) {
        bytes = unsafe [UInt8](unsafeUninitializedCapacity: token.count) { space, count in
            unsafe token.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(space).copyMemory(from: $0) }
            count = token.count
        }
    }

    deinit {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe explicit_bzero(UnsafeMutableRawPointer(mutating: start), bytes.count)
        }
    }

    package func withBytes<Result, Thrown: Error>(
        _ body: (Span<UInt8>) throws(Thrown) -> Result
    ) throws(Thrown) -> Result {
        let bytes = bytes
        return try body(bytes.span)
    }
}

extension TokenBytes: Equatable {
    package static func == (left: TokenBytes, right: TokenBytes) -> Bool {
        left.bytes == right.bytes
    }
}

extension TokenBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<token>" }
    package var debugDescription: String { "<token>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
