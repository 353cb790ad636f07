#!/usr/bin/env bash
# Builds dist/amodal, then starts it once: the shell, a whole demo, and every workspace of the window.
#
# usage: installer/build.sh       (make installer)
set -euo pipefail
cd "$(dirname "$0")/.."

# the build casts no rays (docs/decisions/0027): the demo's clip is drawn here and comes with it
rm -rf build/demo
.venv/bin/amodal demo build/demo

.venv/bin/python -m PyInstaller --noconfirm --clean --log-level WARN \
    --distpath dist --workpath build/pyinstaller installer/amodal.spec

exec installer/smoke.sh "$PWD/dist/amodal/amodal"
