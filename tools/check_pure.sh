#!/bin/sh
# check_pure.sh [BUILD]: fails if ledger/core or consensus needs any symbol
# outside a short list: they must reach no clock, file, socket, allocator,
# random source or lock. Run on the release build: sanitizers and -O0 add
# symbols.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/release}
base=$build/ledger/libmun_base.a
core=$build/ledger/libmun_core.a
libc='mem(cpy|move|set|cmp|chr)|strlen|__mem(cpy|move|set)_chk|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_'
# What the compiler calls instead of an instruction that old machines lack.
libc="$libc|__(popcount|clz|ctz|bswap)[sdt]i2"
# Of what the libraries offer, these take memory from the heap.
heap='secp256k1_context_(create|clone|destroy)|utf8proc_(map|map_custom|NF.*)'
# And these of ledger/base reach outside; a failed check may, as it aborts.
outside='mun_log|mun_log_(set_level|level_from_text)|mun_arena_(open|close)|mun_memory_(map|unmap)'
bad=0

# check LIBRARY FOREIGN OURS...: FOREIGN is a pattern, OURS the libraries whose
# symbols it may use.
check() {
    library=$1
    foreign=$2
    shift 2
    if [ ! -f "$library" ]; then
        echo "$library: not built, not checked"
        return
    fi
    ours=$(nm -g --defined-only "$library" "$@" |
        awk 'NF == 3 { print $3 }' | sort -u)
    found=$(nm -u "$library" | awk '$1 == "U" { print $2 }' | sort -u |
        grep -vxF "$ours" | grep -vxE "$libc|$foreign" || true)
    found="$found $(nm -u "$library" | awk '$1 == "U" { print $2 }' |
        sort -u | grep -xE "$heap|$outside" || true)"
    if [ -n "$(echo $found)" ]; then
        echo "$library: not pure:" $found
        bad=1
    fi
}

check "$core" 'secp256k1_.*|nettle_.*|utf8proc_.*' "$base"
if [ -f "$core" ]; then
    check "$build/consensus/libmun_consensus.a" 'none' "$base" "$core"
fi
exit $bad
