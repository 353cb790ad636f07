#!/usr/bin/env bash
# Starts a build once, away from the checkout, so that nothing of it can help.
#
# usage: installer/smoke.sh PROGRAM
set -euo pipefail
program="$1"
display="$(cd "$(dirname "$0")/.." && pwd)/scripts/with-display.sh"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset PYTHONPATH VIRTUAL_ENV
export AMODAL_CONFIG_DIR="$folder/config"

step() {
    echo "--- $*"
}

step the shell answers
"$program" --help >/dev/null
"$program" doctor || true # what it finds is this machine's affair; that it answers is the build's
"$program" detectors

step the demo that comes with it is mined
"$program" demo demo >/dev/null
"$program" info demo/demo.amodal

step the window opens on it, and every workspace comes to rest
"$display" "$program" tour demo/demo.amodal --out pictures
count="$(find pictures -name '*.png' | wc -l)"
[ "$count" -ge 3 ] || { echo "only $count pictures: a workspace is missing" >&2; exit 1; }

echo "--- the build works: $program ($(du -sh "$(dirname "$program")" | cut -f1))"
