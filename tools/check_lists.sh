#!/bin/sh
# Fails if a source is not named in the CMakeLists.txt of its folder or if a
# source or test named there does not exist: what is not listed is neither
# built nor tested.
set -eu
cd "$(dirname "$0")/.."
bad=0
fail() {
    echo "$1"
    bad=1
}
for top in ledger genesis consensus rpc node tools; do
    for path in $(find "$top" -name '*.c' | sort); do
        name=${path#"$top"/}
        grep -qE "(^|[ (])$name([ )]|\$)" "$top/CMakeLists.txt" ||
            fail "$path: not named in $top/CMakeLists.txt"
    done
    for name in $(sed 's/#.*//' "$top/CMakeLists.txt" |
        grep -oE '[a-z0-9_/]+\.c\b' | sort -u); do
        [ -f "$top/$name" ] || fail "$top/CMakeLists.txt: no file $name"
    done
done
lists=tests/CMakeLists.txt
registered() {
    grep -qE "^ *$1\($2[ )]" $lists
}
for path in $(find tests -name 'test_*.c' -o -name 'fuzz_*.c' | sort); do
    kind=$(basename "$(dirname "$path")")
    name=$(basename "$path" .c)
    case $name in
    test_*) registered mun_add_test "$kind ${name#test_}" ;;
    fuzz_*) registered mun_add_fuzz "${name#fuzz_}" ;;
    esac || fail "$path: not registered in $lists"
done
for path in $(find tests -name 'test_*.sh' -o -name 'test_*.py' | sort); do
    kind=$(basename "$(dirname "$path")")
    name=$(basename "$path")
    name=${name#test_}
    registered mun_add_script "$kind ${name%.*}" ||
        fail "$path: not registered in $lists"
done
for path in $(sed -n \
    -e 's|^ *mun_add_test(\([a-z]*\) \([a-z0-9_]*\).*|\1/test_\2.c|p' \
    -e 's|^ *mun_add_fuzz(\([a-z0-9_]*\).*|fuzz/fuzz_\1.c|p' $lists); do
    [ -f "tests/$path" ] || fail "$lists: no file $path"
done
exit $bad
