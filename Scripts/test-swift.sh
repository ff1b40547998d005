#!/usr/bin/env bash
# Runs `swift test` with the given arguments; where it fails, what failed is told once more, before the summary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

status=0
${SWIFT:-swift} test "$@" 2>&1 | tee "$log" || status=$?
if [ "$status" -ne 0 ]; then
    echo
    echo "Failed:"
    # Names of tests hold newlines, and an issue's own text goes on in lines that begin with an arrow.
    grep -E '^(✘|↳)|error:|Fatal|signal' "$log" | grep -v '^✘ Test run with' | cut -c1-2000 | head -200 || true
    grep -E '^✘ Test run with' "$log" || true
fi
exit "$status"
