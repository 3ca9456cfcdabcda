/// One field of a head, as byte ranges: 20 bytes, however long the field is.
package struct FieldLine: Sendable {
    package let name: ByteRange
    /// The value without the white space around it.
    package let value: ByteRange
    package let id: FieldName
    /// What the name is to a gateway that takes an underscore for a hyphen, as CGI has it (RFC 3875 section 4.1.18). The
    /// same as `id` where it has none.
    package let alias: FieldName
    /// Whether Connection names this field, or its kind is hop by hop: it must not be forwarded (RFC 9110 section 7.6.1).
    ///
    /// Host and Content-Length are never so marked: what replaces them is not for the sender to say.
    package internal(set) var isHopByHop: Bool

    init(name: Range<Int>, value: Range<Int>, id: FieldName, alias: FieldName) {
        self.name = ByteRange(name)
        self.value = ByteRange(value)
        self.id = id
        self.alias = alias
        isHopByHop = id.isHopByHop
    }
}
