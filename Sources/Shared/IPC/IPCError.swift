package import OCMEventLoop

/// Why a message could not be read or a channel could not go on. Each is fatal for the channel.
package enum IPCError: Error, Equatable, Sendable {
    /// The bytes end inside a field.
    case truncated
    /// Bytes are left behind the last field.
    case surplus(Int)
    /// A field is longer, or a list has more elements, than it may.
    case tooLarge(field: StaticString, size: Int)
    /// A field holds what it can't mean.
    case invalid(field: StaticString)
    case unknownMessage(UInt8)
    /// The peer speaks a version of the protocol that is not understood here.
    case incompatible(version: UInt8)
    /// The message may not come in the state that the channel is in.
    case notPermitted(message: String, state: String)
    /// Descriptors came, or failed to come, against what the message says.
    case wrongDescriptors
    /// A large payload did not come in a sealed memfd of the stated size.
    case notSealed
    case system(SystemError)

    /// The socket failed; what was said is not at fault.
    package var isOfSystem: Bool {
        if case .system = self { true } else { false }
    }

    package static func == (left: IPCError, right: IPCError) -> Bool {
        left.description == right.description
    }
}

extension IPCError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated: "message ends inside a field"
        case .surplus(let count): "\(count) bytes behind the last field"
        case .tooLarge(let field, let size): "\(field) is too large (\(size))"
        case .invalid(let field): "\(field) is invalid"
        case .unknownMessage(let type): "unknown message \(type)"
        case .incompatible(let version): "version \(version) of the protocol is not understood"
        case .notPermitted(let message, let state): "message \(message) is not permitted in state \(state)"
        case .wrongDescriptors: "descriptors do not match the message"
        case .notSealed: "payload is not a sealed memory file of the stated size"
        case .system(let error): error.description
        }
    }
}
