internal import Glibc

/// Gives out masking keys that nobody can foresee (RFC 6455 section 5.3): the kernel's random bytes, 256 at a time.
package struct MaskingKeySource: Sendable {
    private static let keysPerFill = 64

    private var pool = InlineArray<64, UInt32>(repeating: 0)
    private var left = 0

    package init() {}

    package mutating func next() -> MaskingKey {
        if left == 0 { fill() }
        left &-= 1
        return MaskingKey(bits: pool[left])
    }

    /// getentropy(3) fails only where the kernel has no such call.
    private mutating func fill() {
        var keys = pool.mutableSpan
        let status = unsafe keys.withUnsafeMutableBytes { buffer in
            unsafe getentropy(buffer.baseAddress, buffer.count)
        }
        precondition(status == 0, "no random bytes")
        left = Self.keysPerFill
    }
}
