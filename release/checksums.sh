#!/usr/bin/env bash
# Writes the manifest of a release: what sha256sum prints of all its archives and of the lists
# of what is in them, in order of their names.
#
#   release/checksums.sh FOLDER
#
# The manifest is all that the tagged commit adds to the one the binaries were built from, so that whoever pins the
# commit has pinned the binaries. It is there twice: for the action, and embedded in the Go module.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?usage: release/checksums.sh FOLDER}
shopt -s nullglob
archives=()
for archive in "$folder"/gotrace-diff-v*.tar.gz "$folder"/gotrace-diff-v*.zip; do archives+=("$(basename "$archive")"); done
[ ${#archives[@]} -gt 0 ] || { echo "no archive in $folder" >&2; exit 1; }
for list in "$folder"/gotrace-diff-v*.cdx.json; do archives+=("$(basename "$list")"); done
hash() { if command -v sha256sum >/dev/null; then sha256sum -- "$@"; else shasum -a 256 -- "$@"; fi; }
lines=$(cd "$folder" && hash "${archives[@]}" | LC_ALL=C sort -k 2)
for manifest in action/checksums.txt go/internal/release/checksums.txt; do
  # Notes at the top stay.
  { grep '^#' "$manifest" 2>/dev/null || true; printf '%s\n' "$lines"; } >"$manifest.part"
  mv "$manifest.part" "$manifest"
done
