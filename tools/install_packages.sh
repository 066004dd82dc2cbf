#!/bin/bash
# install_packages.sh [run|build|check]: installs what is missing of the
# Debian packages in tools/packages.txt, those of the earlier groups included.
# Calls apt-get only when something is missing.
set -eu
cd "$(dirname "$0")"
case ${1:-build} in
run) groups='run' ;;
build) groups='run build' ;;
check) groups='run build check' ;;
*)
    echo "usage: $0 [run|build|check]" >&2
    exit 2
    ;;
esac

missing=()
while read -r group name _; do
    case " $groups " in *" $group "*) ;; *) continue ;; esac
    # A name that dpkg has never heard of is a failure with no output.
    status=$(dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null |
        head -n 1) || true
    [ "$status" = installed ] || missing+=("$name")
done < <(grep -v '^#' packages.txt | grep .)

[ ${#missing[@]} -gt 0 ] || exit 0
echo "installing: ${missing[*]}"
sudo=()
if [ "$(id -u)" -ne 0 ]; then
    sudo=(sudo)
fi
# A fresh machine has no package lists, an old one stale ones.
"${sudo[@]}" apt-get update -q
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}"
