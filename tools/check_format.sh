#!/bin/sh
# Fails if clang-format would change a C file, tracked or not yet tracked.
set -eu
cd "$(dirname "$0")/.."
find ledger genesis consensus rpc node tools tests -name '*.[ch]' | sort |
    xargs -r clang-format --dry-run -Werror
