#!/usr/bin/env bash
# Pictures of the window on the demo street, for docs/images. Real footage is never in them.
set -euo pipefail
cd "$(dirname "$0")/.."

project=.demo/demo.amodal
[ -e "$project" ] || .venv/bin/amodal demo .demo
# always under a display of its own, so that size and scale are the same everywhere
env -u WAYLAND_DISPLAY DISPLAY= scripts/with-display.sh .venv/bin/amodal tour "$project" --out docs/images
# and what the embedded clip, whose camera is not calibrated, cannot show
env -u WAYLAND_DISPLAY DISPLAY= scripts/with-display.sh .venv/bin/python -m scripts.street_pictures .demo docs/images
# the guide shows one view of the 3D workspace
rm -f docs/images/fits-camera.png docs/images/fits-above.png
