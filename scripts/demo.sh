#!/usr/bin/env bash
# Simulates a street, mines it, and opens the window on the result. Where there is no display, the
# window runs under Xvfb and leaves a picture of every workspace.
set -euo pipefail
cd "$(dirname "$0")/.."

amodal=.venv/bin/amodal
folder=.demo
project="$folder/demo.amodal"

if [ ! -e "$project" ]; then
    "$amodal" demo "$folder"
fi

if [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}" ] && [ -z "${WAYLAND_DISPLAY:-}" ]; then
    scripts/with-display.sh "$amodal" tour "$project" --out "$folder/screenshots"
    echo "There is no display here: the window's pictures are in $folder/screenshots"
else
    exec "$amodal" "$project"
fi
