#!/bin/sh
# Fails if another version than that of the project in CMakeLists.txt is said
# anywhere: the API's document and the README name it, sources take MUN_VERSION.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^project(muniment VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
bad=0
fail() {
    echo "$1"
    bad=1
}
case $version in
*.*.*) ;;
*) fail "CMakeLists.txt: no version" ;;
esac
grep -qF "\"version\": \"$version\"," rpc/openapi.json ||
    fail "rpc/openapi.json: info.version is not $version"
grep -q "^Version ${version%.*}\. " README.md ||
    fail "README.md: the status does not begin with \"Version ${version%.*}.\""
# A name, a blank or a slash, and three numbers.
if grep -rnE --include='*.[ch]' '"muniment[a-z]*[ /][0-9]+\.[0-9]+\.[0-9]+' \
    ledger genesis consensus rpc node tools; then
    fail "a version in a source; take MUN_VERSION"
fi
exit $bad
