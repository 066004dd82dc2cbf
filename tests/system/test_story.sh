#!/bin/bash
# The story of tools/quickstart, run with the programs of this build: each of
# its steps checks its own exit code, so that it ends well only if all is as the
# README promises.
set -eu
MUN_WORK_DIR=$(mktemp -d)
export MUN_WORK_DIR
trap 'rm -rf "$MUN_WORK_DIR" "$MUN_WORK_DIR.log"' EXIT
"$MUN_TEST_DIR/../tools/quickstart" >"$MUN_WORK_DIR.log" 2>&1 || {
    cat "$MUN_WORK_DIR.log"
    exit 1
}
grep -q '^roots match: height 16,' "$MUN_WORK_DIR.log"
grep -q '^credentials  1001$' "$MUN_WORK_DIR.log"
if grep -E ' (UNUSUAL|BROKEN) ' "$MUN_WORK_DIR/node.log"; then
    echo "the node's log holds lines that an operator would have to look at"
    exit 1
fi
