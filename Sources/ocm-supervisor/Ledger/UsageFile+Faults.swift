internal import FoundationEssentials

extension UsageFile {
    /// What keeps a text from being a usage file, with the place: the row, or the line where it is no JSON.
    static func fault(in json: [UInt8], _ error: DecodingError) -> String {
        if case .dataCorrupted(let context) = error,
            !context.codingPath.isEmpty || context.debugDescription == noCombinations
        {
            return context.codingPath.isEmpty ? noCombinations : "\(place(context)) can't be read"
        }
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context):
            return "\(place(context)) is not what a usage file has there"
        default: return syntaxFault(in: json) ?? "it is no JSON"
        }
    }

    static let noCombinations = "it has no combinations"

    /// As the paths of the configuration: `combinations[3].total.request_count`.
    private static func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.reduce(SourcePath.root) { path, key in
            key.intValue.map { .element(path, $0) } ?? .member(path, key.stringValue)
        }
        return path == .root ? "the whole" : path.text
    }

    /// Foundation does not say where.
    private static func syntaxFault(in json: [UInt8]) -> String? {
        let source = SourceText(file: "", bytes: json)
        do throws(SourceError) {
            return try misfit(SourceReader.read(source))
        } catch {
            guard error.fault != .tooLarge, error.fault != .empty else { return nil }
            let subject = error.path == .root ? "" : "\(error.path.text): "
            return "line \(source.line(of: error.offset)): \(subject)\(error.message)"
        }
    }

    /// The first number that no count can be.
    private static func misfit(_ value: SourceValue) -> String? {
        switch value.content {
        case .number(let text):
            if case .member(_, "cost_usd") = value.path { return nil }
            return Int64(text) == nil ? "\(value.path.text) is \(text.prefix(40)), which no count can be" : nil
        case .array(let elements): return elements.lazy.compactMap(misfit).first
        case .object(let members):
            return members.lazy.filter { $0.name != "costs" }.compactMap { misfit($0.value) }.first
        case .null, .boolean, .string: return nil
        }
    }
}
