extension Form where Value == Int {
    /// A whole number of a range.
    static func integer(_ range: ClosedRange<Int>) -> Form {
        integer(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { range.contains($0) }
    }

    /// A whole number of a range, or 0, which switches the limit off.
    static func limit(_ range: ClosedRange<Int>, unit: String = "") -> Form {
        let expected = "a whole number\(unit) from \(range.lowerBound) to \(range.upperBound), or 0 for no limit"
        return integer(expected: expected) { $0 == 0 || range.contains($0) }
    }

    private static func integer(expected: String, isAllowed: @escaping (Int) -> Bool) -> Form {
        Form(expecting: expected) { content throws(Misfit) in
            guard case .number(let text) = content else { return nil }
            guard text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }) else {
                throw Misfit("\(text.shortened) is not a whole number; write \(expected)")
            }
            guard let value = Int(text), isAllowed(value) else {
                throw Misfit("\(text.shortened) is out of range; write \(expected)")
            }
            return value
        }
    }
}

extension String {
    /// Cut to what a message can carry.
    fileprivate var shortened: String {
        utf8.count > 24 ? "\(prefix(24))…" : self
    }
}

extension Form where Value == UInt16 {
    /// A port, 0 for any free one.
    static var listeningPort: Form {
        Form { value, diagnostics in Form<Int>.integer(0...65535).read(value, diagnostics).map { UInt16($0) } }
    }

    /// A port to connect to.
    static var port: Form {
        Form { value, diagnostics in Form<Int>.integer(1...65535).read(value, diagnostics).map { UInt16($0) } }
    }
}

extension Form where Value == UInt32 {
    /// A routing mark: a number, or a string of a decimal or hexadecimal one.
    static var mark: Form {
        let expected = "a number from 0 to 4294967295, or a string such as \"0x1a\""
        return Form(expecting: expected) { content throws(Misfit) in
            let mark: UInt32?
            switch content {
            case .number(let text): mark = UInt32(text)
            case .string(let text) where text.hasPrefix("0x"): mark = UInt32(text.dropFirst(2), radix: 16)
            case .string(let text): mark = text.isEmpty ? 0 : UInt32(text)
            default: return nil
            }
            guard let mark else { throw Misfit("is not a routing mark; write \(expected)") }
            return mark
        }
    }
}
