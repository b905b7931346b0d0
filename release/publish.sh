#!/usr/bin/env bash
# Publishes a draft that has all archives: the manifest becomes the commit that is tagged, and the draft the release.
#
#   release/publish.sh COMMIT       with GH_TOKEN, GH_REPO, and gh
#
#   C      the commit that the binaries were built from
#   │
#   C+1    adds the manifest, nothing else    ◀── v0.1.0, and go/v0.1.0 for the Go module
set -euo pipefail
cd "$(dirname "$0")/.."
commit=${1:?usage: release/publish.sh COMMIT}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if grep -rlq 'OWNER/gotrace-diff' install.sh Cargo.toml go; then
  echo "where is this repository? release/place.sh says it" >&2
  exit 1
fi
gh release download "v$version" --dir "$folder" --pattern 'gotrace-diff-v*'
targets=(x86_64-unknown-linux-musl aarch64-unknown-linux-musl x86_64-apple-darwin aarch64-apple-darwin
  x86_64-pc-windows-msvc aarch64-pc-windows-msvc)
for target in "${targets[@]}"; do
  [ -e "$folder/gotrace-diff-v$version-$target.tar.gz" ] || [ -e "$folder/gotrace-diff-v$version-$target.zip" ] \
    || { echo "the draft has no archive for $target" >&2; exit 1; }
  [ -e "$folder/gotrace-diff-v$version-$target.cdx.json" ] \
    || { echo "the draft does not say what the archive for $target is made of" >&2; exit 1; }
done
release/checksums.sh "$folder"

blob() { gh api "repos/{owner}/{repo}/git/blobs" --field encoding=utf-8 --field "content=@$1" --jq .sha; }
manifest=$(blob action/checksums.txt)
of_module=$(blob go/internal/release/checksums.txt)
base=$(gh api "repos/{owner}/{repo}/git/commits/$commit" --jq .tree.sha)
tree=$(printf '{"base_tree":"%s","tree":[{"path":"action/checksums.txt","mode":"100644","type":"blob","sha":"%s"},{"path":"go/internal/release/checksums.txt","mode":"100644","type":"blob","sha":"%s"}]}' \
  "$base" "$manifest" "$of_module" | gh api "repos/{owner}/{repo}/git/trees" --input - --jq .sha)
tagged=$(printf '{"message":"Release %s: the checksums of its binaries","tree":"%s","parents":["%s"]}' \
  "$version" "$tree" "$commit" | gh api "repos/{owner}/{repo}/git/commits" --input - --jq .sha)
for tag in "v$version" "go/v$version"; do
  gh api "repos/{owner}/{repo}/git/refs" --field "ref=refs/tags/$tag" --field "sha=$tagged" --silent
done
for archive in "$folder"/gotrace-diff-v*.tar.gz "$folder"/gotrace-diff-v*.zip; do
  python3 release/wheel.py "$archive" "$folder/wheels"
done
python3 release/formula.py "$GH_REPO" <action/checksums.txt >"$folder/gotrace-diff.rb"
cp action/checksums.txt "$folder/checksums.txt"
gh release upload "v$version" "$folder"/wheels/*.whl "$folder/gotrace-diff.rb" "$folder/checksums.txt" install.sh
gh release edit "v$version" --draft=false --target "$tagged"
