internal import CShims

/// Pages of their own for what is secret: neither core files nor children have them, nor, as far as the limit of locked
/// memory goes (RLIMIT_MEMLOCK, getrlimit(2)), swap.
enum SecretMemory {
    /// Zeroed, at least one byte.
    static func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer {
        let count = max(count, 1)
        return unsafe UnsafeMutableRawBufferPointer(start: ocm_secret_allocate(count), count: count)
    }

    /// Zeroes it, and gives it back.
    static func release(_ memory: UnsafeMutableRawBufferPointer) {
        if let start = memory.baseAddress { unsafe ocm_secret_release(start, memory.count) }
    }
}
