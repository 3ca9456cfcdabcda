/// Collects what is wrong with one file, so that all of it can be told at once.
final class Diagnostics {
    private let source: SourceText
    private var found: [(offset: Int, diagnostic: Diagnostic)] = []

    init(_ source: SourceText) {
        self.source = source
    }

    var hasErrors: Bool {
        found.contains { $0.diagnostic.severity == .error }
    }

    /// In the order of the file.
    var all: [Diagnostic] {
        found.enumerated()
            .sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
            .map(\.element.diagnostic)
    }

    func error(_ message: String, at value: SourceValue) {
        error(message, at: value.offset, path: value.path)
    }

    func error(_ message: String, at offset: Int, path: SourcePath) {
        add(.error, message, at: offset, path: path)
    }

    func warning(_ message: String, at value: SourceValue) {
        warning(message, at: value.offset, path: value.path)
    }

    func warning(_ message: String, at offset: Int, path: SourcePath) {
        add(.warning, message, at: offset, path: path)
    }

    private func add(_ severity: Diagnostic.Severity, _ message: String, at offset: Int, path: SourcePath) {
        let line = source.line(of: offset)
        let diagnostic = Diagnostic(
            severity: severity, file: source.file, line: line, path: path.text, message: message)
        found.append((offset, diagnostic))
    }
}
