import COpenSSL
import OCMEventLoop

/// Files of certificates to trust.
enum CertificateFile {
    /// What is wrong with one, and what to do; `nil` where OpenSSL takes it.
    static func problem(_ path: String) -> String? {
        do throws(SystemError) {
            _ = try FileContents.read(path, limit: 1)
        } catch {
            return "can't be read (\(error.reason)); name a readable file"
        }
        let store = unsafe X509_STORE_new()
        defer {
            unsafe X509_STORE_free(store)
            ERR_clear_error()
        }
        guard unsafe X509_STORE_load_locations(store, path, nil) == 1 else {
            return "has no certificate that OpenSSL can read; name a file of PEM certificates"
        }
        return nil
    }
}
