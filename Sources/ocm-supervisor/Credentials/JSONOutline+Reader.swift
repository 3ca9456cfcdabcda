extension JSONOutline {
    /// One pass over a text, recursive descent with bounded depth.
    struct Reader: ~Escapable {
        private let text: Span<UInt8>
        private var position = 0

        @_lifetime(copy text)
        init(_ text: Span<UInt8>) {
            self.text = text
        }

        @_lifetime(self: copy self)
        mutating func document() throws(Fault) -> Node {
            // Editors on Windows like to begin with a byte order mark.
            if text.count >= 3, text[0] == 0xef, text[1] == 0xbb, text[2] == 0xbf { position = 3 }
            skipWhitespace()
            let value = try value(depth: 0)
            skipWhitespace()
            guard position == text.count else { throw fault(.trailing) }
            return value
        }

        private func fault(_ problem: Fault.Problem) -> Fault {
            Fault(offset: position, problem: position >= text.count ? .truncated : problem)
        }

        private var next: UInt8? { position < text.count ? text[position] : nil }

        @_lifetime(self: copy self)
        private mutating func skipWhitespace() {
            while let byte = next, byte == 0x20 || (0x09...0x0a).contains(byte) || byte == 0x0d { position += 1 }
        }

        @_lifetime(self: copy self)
        private mutating func take(_ byte: Unicode.Scalar) -> Bool {
            guard let next, UInt32(next) == byte.value else { return false }
            position += 1
            return true
        }

        @_lifetime(self: copy self)
        private mutating func value(depth: Int) throws(Fault) -> Node {
            guard depth < JSONOutline.maximumDepth else { throw Fault(offset: position, problem: .nesting) }
            let start = position
            var members: [Member] = []
            let kind: Kind
            switch next {
            case UInt8(ascii: "{"):
                members = try object(depth: depth)
                kind = .object
            case UInt8(ascii: "["):
                try array(depth: depth)
                kind = .array
            case UInt8(ascii: "\""):
                try string()
                kind = .string
            case UInt8(ascii: "t"):
                try literal("true")
                kind = .boolean
            case UInt8(ascii: "f"):
                try literal("false")
                kind = .boolean
            case UInt8(ascii: "n"):
                try literal("null")
                kind = .null
            default:
                try number()
                kind = .number
            }
            return Node(kind: kind, range: start..<position, members: members)
        }

        @_lifetime(self: copy self)
        private mutating func object(depth: Int) throws(Fault) -> [Member] {
            position += 1
            skipWhitespace()
            var members: [Member] = []
            if take("}") { return members }
            let isRecorded = depth < JSONOutline.recordedDepth
            while true {
                let start = position
                guard next == UInt8(ascii: "\"") else { throw fault(.unexpected) }
                try string()
                let nameRange = start..<position
                skipWhitespace()
                guard take(":") else { throw fault(.unexpected) }
                skipWhitespace()
                let value = try value(depth: depth + 1)
                if isRecorded {
                    let name = JSONString.decoded(text.extracting(nameRange))
                    members.append(Member(name: name, nameRange: nameRange, value: value))
                }
                skipWhitespace()
                if take(",") {
                    skipWhitespace()
                } else if take("}") {
                    break
                } else {
                    throw fault(.unexpected)
                }
            }
            // Two readers could take different ones of two equal names; the CLI refuses such a file as well.
            guard Set(members.map(\.name)).count == members.count else {
                throw Fault(offset: position, problem: .duplicate)
            }
            return members
        }

        @_lifetime(self: copy self)
        private mutating func array(depth: Int) throws(Fault) {
            position += 1
            skipWhitespace()
            if take("]") { return }
            while true {
                // Nothing is looked up inside an array: no members are kept from here on down.
                _ = try value(depth: max(depth + 1, JSONOutline.recordedDepth))
                skipWhitespace()
                if take("]") { return }
                guard take(",") else { throw fault(.unexpected) }
                skipWhitespace()
            }
        }

        @_lifetime(self: copy self)
        private mutating func string() throws(Fault) {
            position += 1
            while let byte = next {
                position += 1
                if byte == UInt8(ascii: "\"") { return }
                if byte < 0x20 { throw Fault(offset: position - 1, problem: .string) }
                if byte == UInt8(ascii: "\\") { try escape() }
            }
            throw fault(.truncated)
        }

        @_lifetime(self: copy self)
        private mutating func escape() throws(Fault) {
            guard let byte = next else { throw fault(.truncated) }
            position += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                return
            case UInt8(ascii: "u"):
                for _ in 0..<4 {
                    guard let digit = next, JSONString.hexadecimal(digit) != nil else { throw fault(.string) }
                    position += 1
                }
            default:
                throw Fault(offset: position - 1, problem: .string)
            }
        }

        @_lifetime(self: copy self)
        private mutating func literal(_ word: StaticString) throws(Fault) {
            for offset in 0..<word.utf8CodeUnitCount {
                guard let byte = next, unsafe byte == word.utf8Start[offset] else { throw fault(.unexpected) }
                position += 1
            }
        }

        @_lifetime(self: copy self)
        private mutating func number() throws(Fault) {
            let start = position
            _ = take("-")
            if !take("0") { try digits(orElse: position == start ? .unexpected : .number) }
            if take(".") { try digits(orElse: .number) }
            if take("e") || take("E") {
                if !take("+") { _ = take("-") }
                try digits(orElse: .number)
            }
        }

        @_lifetime(self: copy self)
        private mutating func digits(orElse problem: Fault.Problem) throws(Fault) {
            let start = position
            while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
            guard position > start else { throw fault(problem) }
        }
    }
}
