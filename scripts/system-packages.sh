#!/usr/bin/env bash
# Makes sure that the system libraries of the named sections of system-packages.txt are installed.
#
# usage: scripts/system-packages.sh [--extra PACKAGE]... SECTION...
#
# Does nothing where they all are, or where the system is not Debian's kin. Installs what is missing
# with apt where it may do so without asking; else prints the one line to run and exits with 1.
set -euo pipefail

list="$(dirname "$0")/system-packages.txt"
missing=()

# the file's lines of one section, without comments
section() {
    awk -v wanted="[$1]" '/^\[/ { inside = ($0 == wanted); next } inside && NF && !/^#/' "$list"
}

# whether apt could install a package of this name
is_known() {
    [ -n "$(apt-cache show --no-all-versions "$1" 2>/dev/null)" ]
}

any_installed() {
    local name
    for name in "$@"; do
        [ -n "${installed[$name]:-}" ] && return 0
    done
    return 1
}

collect_missing() {
    local names name
    declare -A installed=()
    while read -r name; do
        installed[$name]=yes
    done < <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' | awk '$1 == "installed" { print $2 }')
    while IFS='|' read -r -a names; do
        names=("${names[@]// /}")
        any_installed "${names[@]}" || missing+=("${names[*]}")
    done < <(for name in "${extras[@]}"; do echo "$name"; done; for name in "${sections[@]}"; do section "$name"; done)
}

# the first of some names that apt knows, or the first where it knows none
best_name() {
    local name
    for name in "$@"; do
        if is_known "$name"; then
            echo "$name"
            return
        fi
    done
    echo "$1"
}

choose_names() {
    chosen=()
    local names
    for names in "${missing[@]}"; do
        # shellcheck disable=SC2086 # the names are one word each
        chosen+=("$(best_name $names)")
    done
}

extras=()
sections=()
while [ $# -gt 0 ]; do
    case "$1" in
        --extra) extras+=("$2"); shift 2 ;;
        *) sections+=("$1"); shift ;;
    esac
done

if [ "$(uname -s)" != Linux ]; then
    exit 0
fi
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "This is neither Debian nor Ubuntu: see to it that Qt's and OpenGL's libraries are installed" \
         "(scripts/system-packages.txt names Debian's packages)." >&2
    exit 0
fi

collect_missing
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    choose_names
    echo "Some system libraries are missing. Install them with this line, then try again:" >&2
    echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${chosen[*]}" >&2
    exit 1
fi

echo "Installing system libraries: ${#missing[@]} packages are missing"
export DEBIAN_FRONTEND=noninteractive
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
"${apt[@]}" update </dev/null
choose_names
"${apt[@]}" install -y --no-install-recommends "${chosen[@]}" </dev/null
