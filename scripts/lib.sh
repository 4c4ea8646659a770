# What the scripts share; source it, do not run it. Bash.

set -euo pipefail
umask 022

# The folder of Package.swift.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Lines of our own, on standard error, so that standard output stays what a command answers.
say() { printf '==> %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# The Debian package that brings each thing we need, and how to see that it is there.
packages() {
    cat <<'TABLE'
libssl-dev       pkg-config --atleast-version=3.0 libcrypto
libsodium-dev    pkg-config --atleast-version=1.0.18 libsodium
zlib1g-dev       pkg-config --exists zlib
pkg-config       command -v pkg-config
docker-registry  command -v docker-registry
skopeo           command -v skopeo
umoci            command -v umoci
apache2-utils    command -v htpasswd
openssl          command -v openssl
python3          command -v python3
python3-venv     python3 -c import\040ensurepip
curl             command -v curl
jq               command -v jq
util-linux       command -v setpriv
binutils         command -v strip
hyperfine        command -v hyperfine
notary           command -v notary-signer
docker.io        command -v docker
gcc              command -v gcc
g++              command -v g++
valgrind         command -v valgrind
golang-go        command -v go
TABLE
}

# Whether what a package brings is there.
has() {
    local package test word
    while read -r package test; do
        [ "$package" = "$1" ] || continue
        local words=()
        for word in $test; do words+=("${word//\\040/ }"); done
        "${words[@]}" >/dev/null 2>&1
        return
    done < <(packages)
    die "scripts/lib.sh knows no package $1"
}

# need PACKAGE...: installs with apt-get what is missing, and says so.
need() {
    local package missing=()
    for package in "$@"; do
        has "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local line="apt-get install ${missing[*]}"
    command -v apt-get >/dev/null ||
        die "missing: ${missing[*]} (Debian's names), and there is no apt-get here. Install them by hand and run this again."
    local sudo=()
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            sudo=(sudo -n)
        elif command -v sudo >/dev/null && [ -t 0 ]; then
            sudo=(sudo)
        else
            die "missing: ${missing[*]}. Installing them needs root; run: sudo $line"
        fi
    fi
    say "installing what is missing: $line"
    install_quietly "${missing[@]}"
    for package in "${missing[@]}"; do
        has "$package" || die "$package was installed, and what it should bring is still not there"
    done
}

# Installs without starting the services that a package brings (docker-registry would listen on port 5000, docker.io
# run its engine, of which no test wants anything but the program docker).
install_quietly() {
    local log policy=/usr/sbin/policy-rc.d ours=no status=0
    log=$(mktemp)
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
        "${sudo[@]}" chmod 755 "$policy"
        ours=yes
    fi
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$log" 2>&1 || {
        # Old or empty package lists are the usual reason.
        "${sudo[@]}" apt-get update >>"$log" 2>&1 || true
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1 || status=$?
    }
    [ "$ours" = no ] || "${sudo[@]}" rm -f "$policy"
    if [ "$status" != 0 ]; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "apt-get could not install: $* (is the network reachable?)"
    fi
    rm -f "$log"
}

# The versions of python-tuf, and of what it stands on, that the tests work with.
python_tuf_packages=(tuf==7.0.0 securesystemslib==1.3.1 cryptography)

# need_python_tuf: installs python-tuf from PyPI into .build-python, once for these versions.
need_python_tuf() {
    need python3 python3-venv
    local folder=$root/.build-python marker
    marker=$folder/packages
    [ "$(cat "$marker" 2>/dev/null)" != "${python_tuf_packages[*]}" ] || return 0
    say "installing python-tuf from PyPI into .build-python"
    rm -rf "$folder"
    python3 -m venv "$folder" || die "python3 -m venv $folder failed"
    "$folder/bin/pip" --quiet --disable-pip-version-check install "${python_tuf_packages[@]}" ||
        die "pip could not install ${python_tuf_packages[*]} (is the network reachable?)"
    printf '%s\n' "${python_tuf_packages[*]}" >"$marker"
}

# Demands a Swift toolchain of at least 6.3.
need_swift() {
    command -v swift >/dev/null ||
        die "no swift in PATH. Install the toolchain 6.3 or newer from https://www.swift.org/install/linux/ and run this again."
    local version
    version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' | head -n 1)
    [ -n "$version" ] || die "'swift --version' names no version"
    [ "$(printf '%s\n' 6.3 "$version" | sort -V | head -n 1)" = 6.3 ] ||
        die "Swift $version is too old; 6.3 or newer is needed: https://www.swift.org/install/linux/"
}

# start_registry FOLDER: runs docker-registry on a free port of 127.0.0.1, with its storage in FOLDER/registry and its log
# in FOLDER/registry.log. Sets registry (host and port) and registry_process, which the caller kills at its end.
start_registry() {
    cat >"$1/registry.yml" <<YAML
version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: "$1/registry"}}
http: {addr: "127.0.0.1:0"}
YAML
    docker-registry serve "$1/registry.yml" >"$1/registry.log" 2>&1 &
    registry_process=$!
    disown
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        registry=$(sed -nE 's/.*listening on (127\.0\.0\.1:[0-9]+).*/\1/p' "$1/registry.log" | head -n 1)
        [ -n "$registry" ] && curl -fsS "http://$registry/v2/" >/dev/null 2>&1 && return
        kill -0 "$registry_process" 2>/dev/null || break
        sleep 0.1
    done
    die "docker-registry does not answer; its log is in $1/registry.log"
}
