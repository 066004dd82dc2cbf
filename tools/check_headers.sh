#!/bin/sh
# Fails if a header does not compile by itself.
set -eu
cd "$(dirname "$0")/.."
flags=$(pkg-config --cflags libsecp256k1 nettle libutf8proc jansson zlib \
    rocksdb libmicrohttpd gnutls libcurl libsodium)
find ledger genesis consensus rpc node tools tests -name '*.h' | sort |
    xargs -r -P 2 -I '{}' gcc -std=c11 -D_POSIX_C_SOURCE=200809L -Wall \
        -Wextra -Wpedantic -Werror -fsyntax-only -I. $flags \
        -include '{}' -x c /dev/null
