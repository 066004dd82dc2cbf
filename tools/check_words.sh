#!/bin/sh
# Fails on calls that the house style bans, on malloc and free outside
# ledger/base and the wrappers of third-party libraries, and on FIXME and TODO
# without an issue number. A line passes with `allow: WHY`.
set -eu
cd "$(dirname "$0")/.."
find ledger genesis consensus rpc node tools tests -name '*.[ch]' |
  sort | xargs awk '
BEGIN {
    everywhere = "strcpy strcat sprintf vsprintf gets scanf sscanf fscanf " \
        "atoi atol strtok rand srand alloca system localtime gmtime"
    heap = "malloc calloc realloc reallocarray strdup strndup free"
    pure = heap " time clock_gettime getenv printf fprintf"
}
function fail(why) {
    printf "%s:%d: %s\n", FILENAME, FNR, why
    bad = 1
}
# The line without strings, characters and comments.
function code_of(line,    out, at, end) {
    gsub(/\\./, "", line)
    gsub(/"[^"]*"/, "\"\"", line)
    out = ""
    while (line != "") {
        if (in_comment) {
            end = index(line, "*/")
            if (end == 0)
                return out
            line = substr(line, end + 2)
            in_comment = 0
        }
        at = index(line, "/*")
        if (at == 0)
            return out line
        out = out substr(line, 1, at - 1) " "
        line = substr(line, at + 2)
        in_comment = 1
    }
    return out
}
function ban(code, list, where,    i, n, word) {
    n = split(list, word, " ")
    for (i = 1; i <= n; i++)
        if (code ~ "(^|[^A-Za-z0-9_.>])" word[i] " *\\(")
            fail(word[i] " is not used" where)
}
FNR == 1 {
    in_comment = 0
    is_pure = FILENAME ~ /^(consensus|ledger\/core)\//
    may_heap = FILENAME ~ /^(tests|ledger\/base)\//
}
/^#include <(jansson|zlib|microhttpd|sodium)\.h>/ { may_heap = !is_pure }
/^#include <(rocksdb|curl|gnutls)\// { may_heap = !is_pure }
/FIXME|TODO/ && !/(FIXME|TODO)[^#]*#[0-9]+/ {
    fail("FIXME and TODO carry the number of an issue")
}
{
    code = code_of($0)
    if ($0 ~ /allow: [^ ]/)
        next
    ban(code, everywhere, "")
    if (is_pure)
        ban(code, pure, " in a pure folder")
    else if (!may_heap)
        ban(code, heap, " outside ledger/base and wrappers")
}
END { exit bad }
'
