#!/usr/bin/env bash
# Lint, what draws by OpenGL, and all other tests, side by side, so that no processor waits. What runs beside the
# many is told in one piece; pytest's closing line over the many comes last.
#
# usage: scripts/run-tests.sh WORKERS TEST... (those that draw by OpenGL)
set -uo pipefail
workers=$1
shift
drawn=("$@")
told=$(mktemp -d)
trap 'rm -rf "$told"' EXIT

beside() { # NAME COMMAND...: runs it, then tells all that it said
    local name=$1 code=0
    shift
    "$@" >"$told/$name" 2>&1 || code=$?
    printf '\n==== %s: exit code %s\n%s\n' "$name" "$code" "$(cat "$told/$name")"
    return "$code"
}

beside lint make --no-print-directory lint &
lint=$!
# a process of their own: after other tests in it, now and then no OpenGL surface could be drawn on
beside "drawn by OpenGL" .venv/bin/python -m pytest "${drawn[@]}" &
opengl=$!
# each computes with one thread: small trainings with two threads each took ten times as long beside one another
OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n "$workers" --dist loadfile --no-loadscope-reorder "${drawn[@]/#/--ignore=}" |
    tee "$told/many"
failed=$?
wait "$lint" || failed=1
wait "$opengl" || failed=1
echo
tail -n 1 "$told/many"
exit "$failed"
