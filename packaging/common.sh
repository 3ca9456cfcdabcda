# Shared by build, test and run: what the machine must have, and phases with their times. Sourced, not run.

set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/ocm
RELEASE=$TOP/.build/release

# What the Swift toolchain itself loads and links with, and what OCM is linked with.
BUILD_PACKAGES=(binutils ca-certificates g++ git libcurl4 libncurses6 libseccomp-dev libsqlite3-0 libssl-dev libsystemd-dev libxml2 pkg-config tzdata zlib1g-dev)
# What the end-to-end tests drive and watch the programs with.
TEST_PACKAGES=(curl gcc lintian mandoc mmdebstrap nghttp2-client nginx openssl patchelf procps python3 python3-venv slowhttptest strace systemd-container)
# What the Debian package is made with.
PACKAGE_PACKAGES=(binutils chrpath dpkg-dev gzip)

END_TO_END=$TOP/Tests/EndToEnd
REQUIREMENTS=$END_TO_END/requirements.txt
VENV=$CACHE/python-$({ /usr/bin/python3 --version; cat "$REQUIREMENTS"; } 2>&1 | sha256sum | cut -c 1-16)

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# phase NAME COMMAND…: runs the command under a heading and says how long it took.
phase() {
    local name=$1 started=$SECONDS status=0
    shift
    printf '\n== %s\n' "$name"
    # A subshell of its own, so that `set -e` holds inside the command although its status is looked at here.
    set +e
    (set -e; "$@")
    status=$?
    set -e
    if ((status != 0)); then
        printf '== %s failed after %d s (exit status %d)\n' "$name" $((SECONDS - started)) "$status" >&2
        exit "$status"
    fi
    printf '== %s: %d s\n' "$name" $((SECONDS - started))
}

# install_missing PACKAGE…: calls apt-get only when one of the packages is not there.
install_missing() {
    if ! command -v dpkg-query >/dev/null; then
        say "Not a Debian system: the equivalents of these packages are taken to be installed: $*"
        return
    fi
    local package missing=() root=()
    for package in "$@"; do
        [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
            missing+=("$package")
    done
    if ((${#missing[@]} == 0)); then
        say "All Debian packages are there: $*"
        return
    fi
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "these Debian packages are missing, install them as root: ${missing[*]}"
        root=(sudo)
    fi
    say "Installing from Debian's packages: ${missing[*]}"
    local log
    log=$(mktemp)
    if ! {
        "${root[@]}" apt-get update &&
            "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
    } >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        fail "the Debian packages could not be installed"
    fi
    rm -f "$log"
}

# A toolchain of 6.2 or newer is the one thing that is not in Debian's packages.
require_swift() {
    local version
    command -v swift >/dev/null || fail "no Swift toolchain: put the usr/bin of Swift 6.2 or newer into PATH (swift.org/install)"
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1) || true
    [[ -n $version ]] || fail "swift --version fails: $(swift --version 2>&1 | tail -n 1)"
    local major=${version% *} minor=${version#* }
    ((major > 6 || (major == 6 && minor >= 2))) || fail "Swift $major.$minor is too old: OCM needs 6.2 or newer"
    say "Swift $major.$minor at $(dirname "$(command -v swift)")"
}

# The build id is by which debuggers find the symbols of the packaged programs.
build_release() {
    swift build --package-path "$TOP" --configuration release --static-swift-stdlib -Xlinker --build-id=sha1
}

# The Python packages live outside the checkout, one environment per list of pinned versions.
python_environment() {
    mkdir -p "$CACHE"
    exec 9>"$VENV.lock"
    flock 9
    if [[ ! -e $VENV/complete ]]; then
        rm -rf "$VENV"
        say "Installing from PyPI: $(sed 's/#.*//' "$REQUIREMENTS" | xargs)"
        /usr/bin/python3 -m venv "$VENV"
        "$VENV/bin/pip" install --quiet --disable-pip-version-check --requirement "$REQUIREMENTS"
        touch "$VENV/complete"
    fi
    say "Python environment: $VENV"
}
