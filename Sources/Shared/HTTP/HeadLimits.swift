/// How large a head may be.
package struct HeadLimits: Sendable {
    /// Bytes of a whole head, from its first byte to the line feed of its empty line. At most 16 MiB.
    package let bytes: Int
    /// Field lines of a head.
    package let fields: Int

    package init(bytes: Int = 64 << 10, fields: Int = 200) {
        self.bytes = min(max(bytes, 0), 16 << 20)
        self.fields = max(fields, 0)
    }
}
