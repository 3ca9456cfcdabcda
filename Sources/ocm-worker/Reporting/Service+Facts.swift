internal import Logging

extension Service {
    /// Of what a line of the log speaks. The line of the request has the same number.
    func facts(of trace: RequestTrace?, _ reason: String? = nil) -> Logger.Metadata {
        var facts: Logger.Metadata = ["service": "\(tag)"]
        if let trace { facts["request_id"] = "\(trace.id)" }
        if let reason { facts["reason"] = "\(reason)" }
        return facts
    }
}
