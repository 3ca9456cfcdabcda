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
    /// The packet is larger than any may be.
    case oversized
    /// Descriptors came, or failed to come, against what the message says.
    case wrongDescriptors
    /// More descriptors came than could be taken: there are too many of them, or too many are open.
    case lostDescriptors
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
        case .oversized: "packet is larger than any may be"
        case .wrongDescriptors: "descriptors do not match the message"
        case .lostDescriptors: "descriptors came that can't be taken"
        case .notSealed: "payload is not a sealed memory file of the stated size"
        case .system(let error): error.description
        }
    }
}
