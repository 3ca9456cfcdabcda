/// Which program this is.
enum Release {
    static let version = "0.1.0"
    static let text = "ocm-supervisor \(version)"
}
