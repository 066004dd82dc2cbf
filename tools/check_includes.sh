#!/bin/sh
# Fails if a file includes across a boundary that the tables below forbid, if
# an include guard is not MUN_<PATH>_H, or if includes are out of order: own
# header, <system>, "folder/file.h", each run sorted.
set -eu
cd "$(dirname "$0")/.."
LC_ALL=C
export LC_ALL
find ledger genesis consensus rpc node tools tests -name '*.[ch]' |
  sort | xargs awk '
BEGIN {
    # Folder, then the folders it may include besides itself.
    may["ledger/base"]  = ""
    may["ledger/core"]  = "ledger/base"
    may["ledger/json"]  = "ledger/base ledger/core"
    may["ledger/zip"]   = "ledger/base"
    may["ledger/seal"]  = "ledger/base ledger/core ledger/json"
    may["ledger/store"] = "ledger/base ledger/core ledger/zip"
    may["genesis"]      = "ledger/base ledger/core ledger/json"
    may["consensus"]    = "ledger/base ledger/core"
    may["rpc"]   = "ledger/base ledger/core ledger/json ledger/zip"
    may["tools"] = may["rpc"] " ledger/seal ledger/store genesis rpc"
    may["node"]  = may["tools"] " consensus"
    may["tests"] = may["node"] " node tools"

    # Third-party header, then the folders that may name it.
    owner["secp256k1"]     = "ledger/core"
    owner["nettle/"]       = "ledger/core"
    owner["utf8proc.h"]    = "ledger/core"
    owner["jansson.h"]     = "ledger/json"
    owner["zlib.h"]        = "ledger/zip"
    owner["rocksdb/"]      = "ledger/store"
    owner["microhttpd.h"]  = "node"
    owner["gnutls/"]       = "node"
    owner["curl/"]         = "node tools"
    owner["sodium.h"]      = "ledger/seal"
    owner["argp.h"]        = "tools"
    owner["cmocka.h"]      = ""
    owner["sanitizer/"]    = "ledger/base"

    # The rest must come with C11 or POSIX and the few of Linux.
    n = split("assert complex ctype errno fenv float inttypes iso646 " \
        "limits locale math setjmp signal stdalign stdarg stdatomic " \
        "stdbool stddef stdint stdio stdlib stdnoreturn string time " \
        "dirent fcntl fnmatch ftw getopt glob grp netdb poll pthread pwd " \
        "regex sched semaphore spawn strings syslog termios unistd", word, " ")
    for (i = 1; i <= n; i++)
        is_system[word[i] ".h"] = 1
    # What the pure folders may use of it.
    n = split("inttypes limits stdalign stdbool stddef stdint string", word,
        " ")
    for (i = 1; i <= n; i++)
        is_pure[word[i] ".h"] = 1
}
function folder(path,    f) {
    for (f in may)
        if (index(path, f "/") == 1)
            return f
    return "?"
}
function has(list, one) { return index(" " list " ", " " one " ") > 0 }
function fail(why) {
    printf "%s:%d: %s\n", FILENAME, FNR, why
    bad = 1
}
function guard_name(path) {
    path = toupper(path)
    gsub(/[^A-Z0-9]/, "_", path)
    return "MUN_" path
}
# group: 1 own header, 2 system, 3 ours
function in_order(group, name) {
    if (group < last_group)
        fail("out of order: own header, <system>, then \"folder/file.h\"")
    else if (group == last_group && FNR == last_line + 1 && name < last_name)
        fail("not sorted: " name " after " last_name)
    last_group = group
    last_name = name
    last_line = FNR
}
FNR == 1 {
    from = folder(FILENAME)
    is_header = FILENAME ~ /\.h$/
    last_group = 0
    last_line = -1
    depth = 0
    guard = ""
    own = FILENAME
    sub(/\.c$/, ".h", own)
    # A file that cannot be read is -1.
    if (is_header || (getline ignored < own) < 0)
        own = ""
    else
        close(own)
}
/^#if/ { depth++ }
/^#endif/ { depth-- }
is_header && guard == "" && /^#/ {
    guard = guard_name(FILENAME)
    if ($0 != "#ifndef " guard)
        fail("the first directive must be: #ifndef " guard)
    else if ((getline following) > 0 && following != "#define " guard)
        fail("expected: #define " guard)
    next
}
/^#include "/ {
    split($0, part, "\"")
    to = folder(part[2])
    if (to != from && !has(may[from], to))
        fail(from " may not include \"" part[2] "\"")
    if (part[2] ~ /_int\.h$/ && to != from && from != "tests")
        fail(part[2] " is private to " to)
    if (depth <= is_header) {
        if (own != "" && last_group == 0 && part[2] != own)
            fail("the first include must be \"" own "\"")
        in_order(part[2] == own ? 1 : 3, part[2])
    }
}
/^#include </ {
    split($0, part, "[<>]")
    known = part[2] in is_system ||
        part[2] ~ /^(arpa|linux|net|netinet|sys)\/[a-z_]+\.h$/
    for (h in owner)
        if (index(part[2], h) == 1) {
            known = 1
            if (from != "tests" && !has(owner[h], from))
                fail("only " owner[h] " may include <" part[2] ">")
            else if (from == "ledger/core")
                is_pure[part[2]] = 1
        }
    if (!known)
        fail("no folder may include <" part[2] ">")
    else if ((from == "ledger/core" || from == "consensus") &&
             !(part[2] in is_pure))
        fail("not in a pure folder: <" part[2] ">")
    if (depth <= is_header) {
        if (own != "" && last_group == 0)
            fail("the first include must be \"" own "\"")
        in_order(2, part[2])
    }
}
END { exit bad }
'
