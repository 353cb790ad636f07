#!/usr/bin/env bash
# Makes .venv with the pinned dependencies. Safe to run again, and after it was cut short.
#
# usage: scripts/setup.sh       (make runs it when pyproject.toml or constraints.txt changed)
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv

# 3.11 first: the pins are tested with it. Ubuntu 22.04 calls a release candidate 3.11; torch refuses that.
find_python() {
    local name
    for name in ${PYTHON:-} python3.11 python3 python3.12 python3.13; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(not (3, 11, 0, "final") <= sys.version_info[:4] < (3, 14))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    echo "Python 3.11, 3.12 or 3.13 is needed (no release candidate)." \
        "On Debian 12, Ubuntu 24.04 or newer: sudo apt-get install python3 python3-venv" >&2
    exit 1
}

# Debian keeps the part of Python that makes environments in a package of its own
need_venv_module() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    local version
    version="$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    # everything else that will be asked for, so that a person without apt's rights is sent away only once
    scripts/system-packages.sh --extra "python$version-venv" window headless test
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    echo "$1 has no venv module. On Debian and Ubuntu: sudo apt-get install python$version-venv" >&2
    exit 1
}

if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    python="$(find_python)"
    need_venv_module "$python"
    echo "Making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
fi

uv="$(grep '^uv==' constraints.txt)"
if ! "$venv/bin/python" -m pip show --quiet uv 2>/dev/null ||
    [ "$("$venv/bin/uv" --version 2>/dev/null | cut -d' ' -f2)" != "${uv#uv==}" ]; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$uv"
fi

echo "Installing the pinned dependencies (the first time, some gigabytes: torch comes with CUDA)"
"$venv/bin/uv" pip install --quiet --compile-bytecode --python "$venv/bin/python" -c constraints.txt -e '.[dev]'
