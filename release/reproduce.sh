#!/usr/bin/env bash
# Builds the archive of the current commit twice, in two folders and under other circumstances, and compares every byte.
#
#   release/reproduce.sh TARGET [FOLDER]      FOLDER keeps both archives; else nothing is left behind
#
#   /tmp/X/one                  C.UTF-8   umask 022  ─▶ archive, list of contents ─┐
#   /tmp/X/two/some where/else  C         umask 077  ─▶ archive, list of contents ─┴─▶ equal, or 1
#
# To try the script itself in little time: CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0
# CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:?usage: release/reproduce.sh TARGET [FOLDER]}
scratch=$(mktemp -d)
trees=("$scratch/one" "$scratch/two/some where/else")
clean() {
  # Whatever step failed: a tree that was never added is none to remove.
  for tree in "${trees[@]}"; do git worktree remove --force "$tree" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap clean EXIT

mkdir -p "$scratch/out/0" "$scratch/out/1" "$scratch/two/some where"
for i in 0 1; do
  git worktree add --quiet --detach "${trees[$i]}" HEAD
  (
    # Builds of a folder of their own each, whatever the environment says.
    export CARGO_TARGET_DIR=${trees[$i]}/target
    if [ "$i" = 0 ]; then
      umask 022
      export LC_ALL=C.UTF-8 TZ=UTC
    else
      umask 077
      export LC_ALL=C TZ=Pacific/Auckland CARGO_BUILD_JOBS=1
    fi
    "${trees[$i]}/release/build.sh" "$target" "$scratch/out/$i"
  )
  rm -rf "${trees[$i]}/target"
done

if [ -n "${2:-}" ]; then
  mkdir -p "$2"
  for i in 0 1; do
    for file in "$scratch/out/$i"/*; do cp "$file" "$2/$i-$(basename "$file")"; done
  done
fi
hash() { if command -v sha256sum >/dev/null; then sha256sum -- "$@"; else shasum -a 256 -- "$@"; fi; }
sums() { (cd "$scratch/out/$1" && hash ./*); }
sums 0
if [ "$(sums 0)" = "$(sums 1)" ]; then
  echo "reproduce: $target: equal to the byte"
else
  sums 1
  echo "reproduce: $target: two builds of one commit differ" >&2
  exit 1
fi
