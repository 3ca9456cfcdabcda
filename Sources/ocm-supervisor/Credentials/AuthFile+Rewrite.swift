/// The rewrite: values are replaced where they stand, so that every other byte survives, be it a field of a later
/// version, a convention of formatting or a line end.
extension AuthFile {
    /// The text with `tokens` in it and `last_refresh` set to theirs. Values that stay the same keep their bytes;
    /// members that are missing come after the last one of their object, laid out like it.
    func text(with tokens: Tokens) -> Secret {
        guard case .chatGPT(let old) = login, let object = outline.root["tokens"] else { return text }
        var edits = Edits()
        edits.set("id_token", in: object, from: old.id, to: tokens.id)
        edits.set("access_token", in: object, from: old.access, to: tokens.access)
        edits.set("refresh_token", in: object, from: old.refresh, to: tokens.refresh)
        if let time = tokens.lastRefresh, time != old.lastRefresh {
            edits.set("last_refresh", in: outline.root, from: nil, to: Secret(time.rfc3339.utf8Span.span))
        }
        return edits.applied(to: text)
    }

    /// Replacements in the order of the text.
    private struct Edits {
        private struct Edit {
            /// What goes away; empty where something is inserted.
            let range: Range<Int>
            let name: String
            let value: Secret
            let placement: Placement
        }

        private enum Placement {
            case replaced
            /// After the member whose name stands at the first range and value at the second, which comes after a
            /// comma or brace at `opening`.
            case after(opening: Int, name: Range<Int>, value: Range<Int>)
            case alone
        }

        private var edits: [Edit] = []

        mutating func set(_ name: String, in object: JSONOutline.Node, from old: Secret?, to new: Secret?) {
            guard let new, !Tokens.match(old, new) else { return }
            let edit: Edit
            if let value = object[name] {
                edit = Edit(range: value.range, name: name, value: new, placement: .replaced)
            } else if let last = object.members.last {
                let opening = object.members.dropLast().last?.value.range.upperBound ?? object.range.lowerBound
                let end = last.value.range.upperBound
                edit = Edit(
                    range: end..<end, name: name, value: new,
                    placement: .after(opening: opening, name: last.nameRange, value: last.value.range))
            } else {
                let start = object.range.lowerBound + 1
                edit = Edit(range: start..<start, name: name, value: new, placement: .alone)
            }
            edits.append(edit)
        }

        func applied(to text: Secret) -> Secret {
            text.withBytes { bytes in
                let room = edits.reduce(bytes.count) { $0 + JSONString.encodedBound($1.value.count) + 64 + bytes.count }
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
            edit.value.withBytes { JSONString.encode($0, into: &output) }
        }

        private static func whitespace(_ text: Span<UInt8>, before end: Int, notBefore start: Int) -> Range<Int> {
            var first = end
            while first > start, [0x20, 0x09, 0x0a, 0x0d].contains(text[first - 1]) { first -= 1 }
            return first..<end
        }
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
