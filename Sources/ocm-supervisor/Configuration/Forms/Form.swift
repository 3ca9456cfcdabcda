/// What a value of the file has to look like, and how it is read.
///
/// A form reports what does not fit and answers `nil`, so that the reading goes on and finds the rest.
struct Form<Value> {
    let read: (SourceValue, Diagnostics) -> Value?

    init(_ read: @escaping (SourceValue, Diagnostics) -> Value?) {
        self.read = read
    }

    /// A form of a string whose `parse` throws what is wrong with it.
    init(string parse: @escaping (String) throws(Misfit) -> Value) {
        self.init(expecting: "a string") { value throws(Misfit) in
            guard case .string(let text) = value else { return nil }
            return try parse(text)
        }
    }

    /// A form of one value; `parse` answers `nil` where the kind of value is not the `expected` one.
    init(expecting expected: String, _ parse: @escaping (SourceValue.Content) throws(Misfit) -> Value?) {
        self.init { value, diagnostics in
            do throws(Misfit) {
                if let read = try parse(value.content) { return read }
                diagnostics.error("is \(value.kind); write \(expected)", at: value)
            } catch {
                diagnostics.error(error.message, at: value)
            }
            return nil
        }
    }
}

/// Why a value does not fit its form: what is wrong, a semicolon, what would be right.
struct Misfit: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

extension Form {
    /// A list, or one value that stands for a list of one. All elements are read, whatever is wrong with some.
    static func listable<Element>(_ element: Form<Element>) -> Form<[Element]> where Value == [Element] {
        Form { value, diagnostics in
            guard case .array(let elements) = value.content else {
                return element.read(value, diagnostics).map { [$0] }
            }
            let read = elements.map { element.read($0, diagnostics) }
            return read.contains { $0 == nil } ? nil : read.compactMap { $0 }
        }
    }
}

extension Form where Value == [SourceValue] {
    /// A list, and nothing else.
    static var elements: Form {
        Form(expecting: "a list: [ … ]") { content throws(Misfit) in
            guard case .array(let elements) = content else { return nil }
            return elements
        }
    }
}

extension Form where Value == Bool {
    static var boolean: Form {
        Form(expecting: "true or false, without quotes") { content throws(Misfit) in
            guard case .boolean(let value) = content else { return nil }
            return value
        }
    }
}

extension Form where Value == String {
    /// Any string without control characters.
    static var text: Form {
        Form(string: Self.withoutControls)
    }

    private static func withoutControls(_ text: String) throws(Misfit) -> String {
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw Misfit("contains a line break or another control character; remove it") }
        return text
    }

    /// A string that may hold a secret or lines of PEM: no error quotes it.
    static var secret: Form {
        Form(string: { text throws(Misfit) in text })
    }

    /// The name of a service, an outbound or a user: not empty, at most 255 bytes.
    static var name: Form {
        Form { value, diagnostics in
            guard let text = Form.text.read(value, diagnostics) else { return nil }
            guard (1...255).contains(text.utf8.count) else {
                diagnostics.error(
                    text.isEmpty ? "is empty; give a name" : "is longer than 255 bytes; give a shorter name", at: value)
                return nil
            }
            return text
        }
    }

    static var interface: Form {
        Form(string: { text throws(Misfit) in
            guard text.isEmpty || NumericAddress.isInterface(text) else {
                throw Misfit(
                    "\(text.quoted) is not the name of an interface; write it as `ip link` shows it, such as \"eth0\"")
            }
            return text
        })
    }
}

extension Form where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of a few words.
    static var choice: Form {
        Form(string: { text throws(Misfit) in
            guard let value = Value(rawValue: text) else {
                let words = Value.allCases.map(\.rawValue.quoted).joined(separator: ", ")
                throw Misfit("\(text.quoted) is not known; use one of \(words)")
            }
            return value
        })
    }
}
