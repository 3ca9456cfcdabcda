/// By what usage is told apart.
enum UsageDimension: String, CaseIterable, Sendable {
    case user, model, tier, week, day

    /// Whether its values follow each other in time.
    var isTime: Bool { self == .week || self == .day }
}

extension [UsageDimension] {
    /// Reads `user,model`; nil where a name is none or stands there twice.
    init?(listed text: String) {
        var dimensions: [UsageDimension] = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let dimension = UsageDimension(rawValue: String(name)), !dimensions.contains(dimension) else {
                return nil
            }
            dimensions.append(dimension)
        }
        self = dimensions
    }

    var listed: String { map(\.rawValue).joined(separator: ",") }
}
