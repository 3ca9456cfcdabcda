// Values of a configuration as a reload tells of them: about as the file has them.

extension Configuration.Log.Output {
    var text: String {
        switch self {
        case .unnamed: "the default"
        case .standardError: "stderr"
        case .standardOutput: "stdout"
        case .journal: "journal"
        case .file(let path): path
        }
    }
}

extension Configuration.Limits.Connections {
    var text: String {
        switch self {
        case .halfOfDescriptors: "half of the descriptors"
        case .unlimited: "0"
        case .atMost(let count): "\(count)"
        }
    }
}

extension Duration? {
    /// `300ms`, `15s`, `5m`, `1h30m`; `0` stands for none.
    var text: String {
        guard let self else { return "0" }
        let milliseconds = self.wholeMilliseconds
        guard milliseconds % 1000 == 0 else { return "\(milliseconds)ms" }
        let seconds = milliseconds / 1000
        let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")].filter { $0.0 > 0 }
        return parts.isEmpty ? "0" : parts.map { "\($0.0)\($0.1)" }.joined()
    }
}
