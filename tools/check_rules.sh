#!/bin/sh
# Fails unless the code and consensus/README.md name the same rules: a rule that
# is cited must be on the page, a citation "R7: ..." must begin with the page's
# bold sentence of that rule word for word, and every rule of the page must be
# cited so in consensus/.
set -eu
cd "$(dirname "$0")/.."
LC_ALL=C
export LC_ALL
page=consensus/README.md
# Rules that the node carries out and that consensus/ therefore does not cite.
of_node=""
find consensus node -name '*.[ch]' | sort | xargs awk -v page="$page" \
    -v of_node="$of_node" '
function fail(where, why) {
    print where ": " why
    bad = 1
}
# A bold paragraph begins with its rule and the sentence, perhaps over two
# lines.
function read_page(    line, text, at, number) {
    while ((getline line < page) > 0) {
        if (text == "" && line !~ /^\*\*R[0-9]+\. /)
            continue
        text = text == "" ? line : text " " line
        at = index(substr(text, 3), "**")
        if (at == 0)
            continue
        text = substr(text, 3, at - 1)
        number = text
        sub(/\..*/, "", number)
        if (number in sentence)
            fail(page, number " stands there twice")
        sub(/^R[0-9]+\. /, "", text)
        sentence[number] = text
        count++
        text = ""
    }
    for (at = 1; at <= count; at++)
        if (!(("R" at) in sentence))
            fail(page, "no rule R" at)
}
# The comment that begins at a citation, as one line. Stops when it is as long
# as the sentence.
function check_citation(number, text, where) {
    cited[number] = 1
    if (substr(text, 1, length(sentence[number])) != sentence[number])
        fail(where, number ": not the sentence of " page ": " sentence[number])
}
function end_citation() {
    if (open != "")
        check_citation(open, said, open_where)
    open = ""
}
BEGIN { read_page() }
FNR == 1 { end_citation() }
{
    line = $0
    where = FILENAME ":" FNR
    rest = line
    while (match(rest, /(^|[^A-Za-z0-9_])R[0-9]+([^A-Za-z0-9_]|$)/)) {
        number = substr(rest, RSTART, RLENGTH)
        gsub(/[^R0-9]/, "", number)
        if (!(number in sentence))
            fail(where, "there is no rule " number " in " page)
        rest = substr(rest, RSTART + RLENGTH - 1)
    }
    if (line ~ /^ *\/?\* R[0-9]+: /) {
        end_citation()
        open = line
        sub(/^[^R]*/, "", open)
        said = open
        sub(/:.*/, "", open)
        sub(/^R[0-9]+: /, "", said)
        open_where = where
    } else if (open != "") {
        sub(/^ *\*\/?( |$)/, "", line)
        said = said " " line
    }
    if (open != "" && (said ~ /\*\// || $0 ~ /\*\/|^$/))
        end_citation()
}
END {
    end_citation()
    for (i = 1; i <= count; i++)
        if (!(("R" i) in cited) &&
            index(" " of_node " ", " R" i " ") == 0)
            fail(page, "R" i " is cited nowhere in consensus/ or node/")
    exit bad
}
'
