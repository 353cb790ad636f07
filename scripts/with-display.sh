#!/usr/bin/env bash
# Runs a command, under Xvfb where there is no display.
#
# usage: scripts/with-display.sh COMMAND...
set -euo pipefail
if [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}" ] && [ -z "${WAYLAND_DISPLAY:-}" ]; then
    exec xvfb-run --auto-servernum --server-args='-screen 0 1600x1000x24 +extension GLX -noreset' "$@"
fi
exec "$@"
