#!/usr/bin/env bash
# Makes the sandbox's keys anew: `make.sh DIRECTORY`. They protect nothing: nobody but a sandbox on loopback trusts them.
# GnuPG 2.2 or newer; everything happens in a GNUPGHOME of its own.
set -euo pipefail
target=$(readlink -f "${1:?the directory for the keys}")
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
chmod 700 "$GNUPGHOME"
trap 'gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT

# make NAME USER EXPIRES
make() {
    gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase '' --faked-system-time 20150101T000000! \
        --cert-digest-algo SHA256 --quick-generate-key "$2" rsa2048 sign "$3"
    gpg --batch --armor --export-secret-keys "=$2" >"$target/$1.asc"
    gpg --batch --armor --export "=$2" >"$target/$1.pub.asc"
}

make registry 'Sandbox registry <registry@srs.example>' never
make other 'Another environment <registry@other.example>' never
make expired 'Sandbox registrar, expired <expired@registrar.example>' 2016-01-01
for n in 1 2 3 4; do make "registrar-$n" "Sandbox registrar $n <registrar-$n@registrar.example>" never; done
# Nobody verifies with these.
rm "$target/other.pub.asc" "$target/expired.pub.asc"
