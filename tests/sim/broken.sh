#!/bin/sh
# broken.sh BUILD [NAME...]: builds each variant of tests/sim/broken.txt (or
# those named) beside the tree, runs the simulator on it until it fails, and
# prints name, steps, seed and what was violated. Fails when one is not caught
# within $MUN_BROKEN_STEPS steps (default 20 million).
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build/release}
[ $# -eq 0 ] || shift
exec python3 tests/sim/broken.py "$build" "$@"
