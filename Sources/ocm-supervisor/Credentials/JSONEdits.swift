/// Members of a JSON text that are to have other values. What is not named keeps its bytes.
struct JSONEdits {
    private struct Edit {
        /// What goes away; empty where something is inserted.
        let range: Range<Int>
        let name: String
        let literal: Secret
        let placement: Placement
    }

    private enum Placement {
        case replaced
        /// After the member whose name stands at the first range and value at the second, which comes after a comma or
        /// brace at `opening`.
        case after(opening: Int, name: Range<Int>, value: Range<Int>)
        case alone
    }

    private var edits: [Edit] = []

    /// Gives the member `name` of `object` the value `literal`, JSON text. One that is missing comes after the last
    /// member, laid out like it; an object without members gets one only.
    mutating func set(_ name: String, in object: JSONOutline.Node, to literal: Secret) {
        if let value = object[name] {
            edits.append(Edit(range: value.range, name: name, literal: literal, placement: .replaced))
        } else if let last = object.members.last {
            let opening = object.members.dropLast().last?.value.range.upperBound ?? object.range.lowerBound
            let end = last.value.range.upperBound
            edits.append(
                Edit(
                    range: end..<end, name: name, literal: literal,
                    placement: .after(opening: opening, name: last.nameRange, value: last.value.range)))
        } else {
            let start = object.range.lowerBound + 1
            edits.append(Edit(range: start..<start, name: name, literal: literal, placement: .alone))
        }
    }

    func applied(to text: Secret) -> Secret {
        text.withBytes { bytes in
            // What surrounds an inserted value is copied from the text.
            let room = edits.reduce(bytes.count) { $0 + $1.literal.count + $1.name.utf8.count + 4 + bytes.count }
            return Secret(capacity: room) { output in
                var position = 0
                // Insertions at one place keep the order in which they were asked for.
                for edit in edits.enumerated().sorted(by: Self.comesFirst).map(\.element) {
                    output.append(bytes, position..<edit.range.lowerBound)
                    Self.write(edit, bytes, &output)
                    position = edit.range.upperBound
                }
                output.append(bytes, position..<bytes.count)
            }
        }
    }

    private static func comesFirst(
        _ left: EnumeratedSequence<[Edit]>.Element, _ right: EnumeratedSequence<[Edit]>.Element
    ) -> Bool {
        (left.element.range.lowerBound, left.offset) < (right.element.range.lowerBound, right.offset)
    }

    private static func write(_ edit: Edit, _ text: Span<UInt8>, _ output: inout OutputSpan<UInt8>) {
        switch edit.placement {
        case .replaced:
            break
        case .after(let opening, let name, let value):
            output.append(UInt8(ascii: ","))
            // The white space that stands before the member above, then its way to write the colon.
            output.append(text, whitespace(text, before: name.lowerBound, notBefore: opening))
            output.append(quoted: edit.name)
            output.append(text, name.upperBound..<value.lowerBound)
        case .alone:
            output.append(quoted: edit.name)
            output.append(UInt8(ascii: ":"))
        }
        edit.literal.withBytes { output.append($0, 0..<$0.count) }
    }

    private static func whitespace(_ text: Span<UInt8>, before end: Int, notBefore start: Int) -> Range<Int> {
        var first = end
        while first > start, [0x20, 0x09, 0x0a, 0x0d].contains(text[first - 1]) { first -= 1 }
        return first..<end
    }
}

extension OutputSpan<UInt8> {
    @_lifetime(self: copy self)
    fileprivate mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        for index in range { append(bytes[index]) }
    }

    @_lifetime(self: copy self)
    fileprivate mutating func append(quoted name: String) {
        append(UInt8(ascii: "\""))
        for byte in name.utf8 { append(byte) }
        append(UInt8(ascii: "\""))
    }
}
