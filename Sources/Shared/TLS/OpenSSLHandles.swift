internal import COpenSSL

// Owners of OpenSSL's objects. Each frees its own; OpenSSL counts references where one object holds another.

/// A configuration for connections (SSL_CTX_new(3)).
@safe struct ContextHandle: ~Copyable {
    let pointer: OpaquePointer

    /// Nil when the library can't make one: out of memory, or misconfigured.
    init?(_ method: OpaquePointer?) {
        guard let pointer = unsafe SSL_CTX_new(method) else { return nil }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }
}

/// A connection (SSL_new(3)).
@safe struct ConnectionHandle: ~Copyable {
    let pointer: OpaquePointer

    init?(_ context: borrowing ContextHandle) {
        guard let pointer = unsafe SSL_new(context.pointer) else { return nil }
        unsafe self.pointer = pointer
    }

    deinit {
        // Freed without this, a connection that sent no close_notify would make its session unfit for resumption.
        unsafe SSL_set_shutdown(pointer, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        unsafe SSL_free(pointer)
    }
}

/// A set of trusted certificates (X509_STORE_new(3)).
@safe struct StoreHandle: ~Copyable {
    let pointer: OpaquePointer

    init?() {
        guard let pointer = unsafe X509_STORE_new() else { return nil }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe X509_STORE_free(pointer)
    }
}

/// What is needed to resume a session (SSL_SESSION_free(3)). A class, since a dictionary holds it.
@safe final class Session {
    let pointer: OpaquePointer

    /// Takes over a reference.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe SSL_SESSION_free(pointer)
    }
}
