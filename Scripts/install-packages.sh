#!/usr/bin/env bash
# Installs the Debian packages of apt-packages.txt that are missing; without root or sudo it says what to paste.
source "$(dirname "$0")/common.sh"
one_at_a_time

command -v "${SWIFT:-swift}" > /dev/null || fail "${SWIFT:-swift} is not there. Install Swift $(cat .swift-version) from swift.org, then run make again."
command -v dpkg-query > /dev/null || fail "this is not a Debian system. Install the counterparts of $(grep -v '^#' Scripts/apt-packages.txt | xargs) by hand, then run make with SKIP_PACKAGES=1."

missing=()
for package in $(grep -v '^#' Scripts/apt-packages.txt); do
    dpkg-query -W -f='${Status}' "$package" 2> /dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

install=(apt-get install --yes --no-install-recommends "${missing[@]}")
say "missing Debian packages: ${missing[*]}"
if [ "$(id -u)" -eq 0 ]; then
    apt-get update --quiet && DEBIAN_FRONTEND=noninteractive "${install[@]}"
elif command -v sudo > /dev/null && { sudo -n true 2> /dev/null || [ -t 0 ]; }; then
    sudo apt-get update --quiet && sudo DEBIAN_FRONTEND=noninteractive "${install[@]}"
else
    fail "these need root. Paste this, then run make again:
    su -c 'apt-get update && ${install[*]}'"
fi
