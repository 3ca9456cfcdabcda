/// The version that both programs are of; they are built and installed together.
package enum Release {
    /// What what(1) finds in the programs' files: the one place in them where the version stands.
    private static let identification: StaticString = "@(#)OCM 0.1.0"

    package static let version: String = {
        let bytes = unsafe UnsafeBufferPointer(
            start: identification.utf8Start, count: identification.utf8CodeUnitCount)
        return String(unsafe String(decoding: bytes, as: UTF8.self).drop { $0 != " " }.dropFirst())
    }()

    /// Whether this is a build for a sanitizer (`OCM_SANITIZED` in the environment of the build): its workers are not
    /// confined by what a sanitizer can't live with.
    package static var isSanitized: Bool {
        #if OCM_SANITIZED
            true
        #else
            false
        #endif
    }
}
