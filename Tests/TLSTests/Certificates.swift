import Glibc

/// Certificates made by the openssl command, once for all tests.
enum Certificates {
    /// A directory with `NAME.pem` and `NAME.key` for each certificate below.
    static let directory: String = {
        var template = Array("/tmp/tls-tests-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { fatalError("mkdtemp failed") }
        let directory = String(cString: made)
        guard system("cd \(directory) && (\(script)) >make.log 2>&1") == 0 else {
            fatalError("the openssl command failed, see \(directory)/make.log")
        }
        atexit { system("rm -rf \(Certificates.directory)") }
        return directory
    }()

    static func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// `good` is for localhost and 127.0.0.1, `name-only` for localhost, `other` for other.test; all by `ca`.
    private static let script = """
        set -e
        export OPENSSL_CONF=/etc/ssl/openssl.cnf
        key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
        authority() {
            key "$1"
            openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 30 -out "$1.pem"
        }
        # NAME AUTHORITY SUBJECT-ALT-NAME [option of openssl ca...]
        leaf() {
            name=$1; by=$2; san=$3; shift 3
            key "$name"
            openssl req -new -key "$name.key" -subj /CN=localhost -out "$name.csr"
            printf '[x]\\nbasicConstraints=CA:FALSE\\n%s\\n' "${san:+subjectAltName=$san}" > "$name.ext"
            openssl ca -batch -notext -config ca.cnf -cert "$by.pem" -keyfile "$by.key" -in "$name.csr" \
                -extfile "$name.ext" -extensions x -out "$name.pem" "$@"
        }
        cat > ca.cnf <<'END'
        [ca]
        default_ca = d
        [d]
        database = index
        new_certs_dir = .
        rand_serial = yes
        unique_subject = no
        default_md = sha256
        default_days = 30
        policy = p
        [p]
        CN = supplied
        END
        : > index
        authority ca
        authority stranger
        leaf good ca DNS:localhost,IP:127.0.0.1
        leaf name-only ca DNS:localhost
        leaf other ca DNS:other.test
        leaf common-name-only ca ''
        leaf foreign stranger DNS:localhost
        leaf expired ca DNS:localhost -startdate 20200101000000Z -enddate 20200201000000Z
        leaf future ca DNS:localhost -startdate 20900101000000Z -enddate 20900201000000Z
        key self-signed
        openssl req -x509 -new -key self-signed.key -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 30 \
            -out self-signed.pem
        """
}
