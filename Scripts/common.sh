# Shared by every script here: where things are, how to speak, how to leave nothing half-made.
# Source it; it changes into the repository root.

set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$ROOT"

NATIVE="$ROOT/.native"          # everything that is fetched or built outside SwiftPM
DOWNLOADS="$NATIVE/downloads"
SOURCES="$NATIVE/src"
BUILD="$NATIVE/build"
PREFIX="$NATIVE/prefix"
STAMPS="$NATIVE/stamps"
TOOLS_VENV="$NATIVE/tools"
TEST_VENV="$ROOT/.venv"
TEST_VENV_OPENAI_2="$ROOT/.venv-openai-2"   # clients that need version 2 of the openai package

say() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# digest FILE...: one SHA-256 over the contents of the files; what a stamp is compared with.
digest() { cat "$@" | sha256sum | cut -d' ' -f1; }

# is_done NAME KEY: true where step NAME was completed with exactly this key.
is_done() { [ -f "$STAMPS/$1" ] && [ "$(cat "$STAMPS/$1")" = "$2" ]; }

# undo NAME: step NAME is about to be repeated; until it is done, nothing counts as done.
undo() { rm -f "$STAMPS/$1"; }

# mark_done NAME KEY: written last and moved into place, so that a step cut off half-way is repeated.
mark_done() {
    mkdir -p "$STAMPS"
    printf '%s\n' "$2" > "$STAMPS/.$1.tmp"
    mv "$STAMPS/.$1.tmp" "$STAMPS/$1"
}

# one_at_a_time: a second `make` waits here for the first instead of building into the same folders.
one_at_a_time() {
    mkdir -p "$NATIVE"
    exec 9> "$NATIVE/lock"
    if ! flock --nonblock 9; then
        say "another build holds $NATIVE/lock; waiting for it"
        flock 9
    fi
}

# make_venv FOLDER REQUIREMENTS: a virtual environment with exactly these packages, hashes checked.
make_venv() {
    local folder="$1" requirements="$2" key
    key="$(digest "$requirements")"
    if [ -f "$folder/.complete" ] && [ "$(cat "$folder/.complete")" = "$key" ]; then return; fi
    say "making the Python environment $(basename "$folder") from $requirements"
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: \
        -r "$requirements"
    printf '%s\n' "$key" > "$folder/.complete"
}
