/// The fields of one object, taken by name: what is there and was not asked for is unknown.
struct Fields {
    let object: SourceValue
    let diagnostics: Diagnostics
    private var members: [String: SourceValue.Member]
    /// In the order in which they were asked for, which is the order in which an error lists them.
    private var asked: [String] = []

    /// Reads an object with `body`; `nil` where the value is none. `what` is how an error names the object.
    static func read<Value>(
        _ value: SourceValue, _ diagnostics: Diagnostics, as what: String, _ body: (inout Fields) -> Value?
    ) -> Value? {
        guard case .object(let members) = value.content else {
            diagnostics.error("is \(value.kind); write an object: { … }", at: value)
            return nil
        }
        let byName = Dictionary(members.map { ($0.name, $0) }) { first, _ in first }
        var fields = Fields(object: value, diagnostics: diagnostics, members: byName)
        let read = body(&fields)
        fields.reportUnknown(in: members, of: what)
        return read
    }

    private init(object: SourceValue, diagnostics: Diagnostics, members: [String: SourceValue.Member]) {
        self.object = object
        self.diagnostics = diagnostics
        self.members = members
    }

    /// The value of a field; `nil` where it is left out or null.
    mutating func value(_ name: String) -> SourceValue? {
        asked.append(name)
        guard let value = members[name]?.value else { return nil }
        if case .null = value.content { return nil }
        return value
    }

    /// A field in its form; `nil` where it is left out, null, or does not fit (which has been reported then).
    mutating func take<Value>(_ name: String, _ form: Form<Value>) -> Value? {
        value(name).flatMap { form.read($0, diagnostics) }
    }

    /// A string for which empty means left out.
    mutating func takeText(_ name: String, _ form: Form<String> = .text) -> String? {
        guard let value = value(name), !value.isInert else { return nil }
        return form.read(value, diagnostics)
    }

    /// A field that is understood and can't be served yet: an error, unless its value asks for nothing.
    mutating func takeNotYet<Value>(_ name: String, _ form: Form<Value>, _ remedy: String) -> Value? {
        guard let value = value(name), !value.isInert, let read = form.read(value, diagnostics) else { return nil }
        diagnostics.error("is not supported yet; \(remedy)", at: value)
        return read
    }

    /// Fields that are known and make no difference here.
    mutating func pass(_ names: String...) {
        asked += names
    }

    /// A field that is known and can't be served: an error, unless its value asks for nothing.
    mutating func refuse(_ name: String, _ remedy: String) {
        guard let value = value(name), !value.isInert else { return }
        if let enabled = value["enabled"], enabled.isInert { return }
        diagnostics.error("is not supported yet; \(remedy)", at: value)
    }

    /// Where an error about a field that is left out points: the object, with the field's path.
    func missing(_ name: String, _ message: String) {
        diagnostics.error(message, at: object.offset, path: .member(object.path, name))
    }

    private func reportUnknown(in members: [SourceValue.Member], of what: String) {
        for member in members where !asked.contains(member.name) {
            let remedy =
                Spelling.nearest(to: member.name, among: asked).map { "did you mean \($0.quoted)?" }
                ?? "known are \(asked.sorted().joined(separator: ", "))"
            diagnostics.error("is not a field of \(what); \(remedy)", at: member.offset, path: member.value.path)
        }
    }
}
