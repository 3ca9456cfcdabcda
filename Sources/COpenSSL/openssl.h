// OpenSSL as Swift sees it: its headers, and those of its macros that are computed, which Swift can't import.
#pragma once
#include <openssl/ssl.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/evp.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

// SSL_CTX_set_options(3).
static const uint64_t OCM_SSL_OP_NO_RENEGOTIATION = SSL_OP_NO_RENEGOTIATION;
static const uint64_t OCM_SSL_OP_NO_COMPRESSION = SSL_OP_NO_COMPRESSION;

// SSL_CTX_set_min_proto_version(3); 1 if the version is one that the library speaks.
static inline int ocm_ssl_ctx_set_versions(SSL_CTX *context, int minimum, int maximum) {
    return SSL_CTX_set_min_proto_version(context, minimum) == 1 && SSL_CTX_set_max_proto_version(context, maximum) == 1;
}

// SSL_CTX_set_mode(3).
static inline void ocm_ssl_ctx_set_mode(SSL_CTX *context, long mode) { SSL_CTX_set_mode(context, mode); }

// SSL_CTX_set_read_ahead(3).
static inline void ocm_ssl_ctx_set_read_ahead(SSL_CTX *context) { SSL_CTX_set_read_ahead(context, 1); }

// SSL_CTX_set_session_cache_mode(3).
static inline void ocm_ssl_ctx_set_session_cache_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}

// SSL_set_tlsext_host_name(3): the name for SNI; 1 if it is one.
static inline int ocm_ssl_set_server_name(SSL *ssl, const char *name) { return (int)SSL_set_tlsext_host_name(ssl, name); }

// The pointer that belongs to a connection (SSL_set_ex_data(3), index 0).
static inline int ocm_ssl_set_owner(SSL *ssl, void *owner) { return SSL_set_app_data(ssl, owner); }
static inline void *ocm_ssl_owner(const SSL *ssl) { return SSL_get_app_data(ssl); }
