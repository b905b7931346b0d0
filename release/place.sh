#!/usr/bin/env bash
# Writes where this repository is into what is fetched from there: install.sh, the Go module, Cargo.toml.
#
#   release/place.sh OWNER/REPOSITORY
#
# Once, after the repository has found its place; the release refuses to be made before.
set -euo pipefail
cd "$(dirname "$0")/.."
place=${1:?usage: release/place.sh OWNER/REPOSITORY}
[[ $place =~ ^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$ ]] || { echo "no OWNER/REPOSITORY: $place" >&2; exit 2; }
files=(install.sh Cargo.toml docs/install.md)
while IFS= read -r file; do files+=("$file"); done < <(find go -type f \( -name '*.go' -o -name go.mod \))
for file in "${files[@]}"; do
  sed "s|OWNER/gotrace-diff|$place|g" "$file" >"$file.part"
  # Keeps the mode of the file.
  cat "$file.part" >"$file"
  rm "$file.part"
done
