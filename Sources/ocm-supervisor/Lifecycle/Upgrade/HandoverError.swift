import OCMEventLoop
import OCMIPC

/// Why a handover can't be taken over.
enum HandoverError: Error, Equatable {
    /// What came is no handover, or breaks off.
    case malformed(IPCError)
    /// A later format, which this version does not know.
    case unknownFormat(UInt8)
    /// The variable names nothing that was handed over.
    case absent(String)
    case unreadable(SystemError)
    /// A descriptor is not what the handover says of it.
    case notAsSaid(what: String, descriptor: Int32)
    /// A second descriptor of the same number.
    case repeated(descriptor: Int32)
}

extension HandoverError: CustomStringConvertible {
    var description: String {
        switch self {
        case .malformed(let reason): "what was handed over makes no sense: \(reason)"
        case .unknownFormat(let format):
            "what was handed over has format \(format), this version reads \(Handover.format)"
        case .absent(let value): "\(Handover.variable)=\(value) names nothing that was handed over: unset it"
        case .unreadable(let error): "what was handed over can't be read: \(error)"
        case .notAsSaid(let what, let descriptor): "descriptor \(descriptor) was handed over as \(what), and is none"
        case .repeated(let descriptor): "descriptor \(descriptor) was handed over twice"
        }
    }
}
