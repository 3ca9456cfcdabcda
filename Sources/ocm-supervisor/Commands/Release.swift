internal import OCMIPC

extension Release {
    /// Which program this is.
    static let text = "ocm-supervisor \(version)"
}
