internal import COpenSSL

/// OpenSSL as a whole.
package enum TLSLibrary {
    /// Has OpenSSL read its own configuration file and load what that names, for a process that will soon have no access
    /// to files. Without it that happens when it is first used.
    package static func load() {
        OPENSSL_init_ssl(UInt64(OPENSSL_INIT_LOAD_CONFIG), nil)
    }

    /// Its name and version, for the log: `OpenSSL 3.0.19 27 Jan 2026`.
    package static var version: String {
        unsafe String(cString: OpenSSL_version(OPENSSL_VERSION))
    }
}
