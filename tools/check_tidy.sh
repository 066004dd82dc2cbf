#!/bin/sh
# check_tidy.sh [BUILD [FILE...]]: fails on any finding of clang-tidy. BUILD
# gives the compile commands; the asan build's are clang's own flags. One file
# a run: version 14 carries the state of va_list checks from file to file.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/asan}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- $(find ledger genesis consensus rpc node tools tests \
    -name '*.c' | sort)
commands=$build/compile_commands.json
for file; do
    # Only what is built has flags; check_lists.sh looks after the rest.
    if grep -qF "/$file\"" "$commands"; then
        echo "$file"
    fi
done | xargs -r -P 2 -n 1 clang-tidy -p "$build" --quiet 2>"$build/tidy.err" ||
    { grep -v 'warnings\{0,1\} \(generated\|treated\)' "$build/tidy.err" >&2
        exit 1; }
