/// Why a name has no address.
enum ResolverError: Error, Equatable, Sendable {
    /// The name does not exist, or has no address.
    case notFound
    /// The resolver's own words; trying again may help.
    case failed(String)
    case child(ChildFailure)
    case cancelled
}

extension ResolverError: CustomStringConvertible {
    var description: String {
        switch self {
        case .notFound: "the name does not exist or has no address"
        case .failed(let text): text
        case .child(let failure): "\(failure)"
        case .cancelled: "the supervisor is stopping"
        }
    }
}
