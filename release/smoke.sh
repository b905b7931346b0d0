#!/usr/bin/env bash
# Unpacks an archive of a release into an empty folder and sees that what is in it works.
#
#   release/smoke.sh ARCHIVE
#
#   RUNNER=qemu-aarch64-static     what runs the binary, where this machine does not by itself
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
archive=${1:?usage: release/smoke.sh ARCHIVE}
name=$(basename "$archive")
name=${name%.tar.gz}
name=${name%.zip}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "smoke: $name: $*" >&2
  exit 1
}

case $archive in
  *.zip) python3 -m zipfile -e "$archive" "$scratch" ;;
  *) tar -xzf "$archive" -C "$scratch" ;;
esac
[ "$(ls "$scratch")" = "$name" ] || fail "holds more than one folder of its own name"
folder=$scratch/$name
binary=$folder/gotrace-diff
[ -e "$binary" ] || binary=$binary.exe
chmod +x "$binary"
for file in README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE THIRD-PARTY.txt man/gotrace-diff.1 \
  completions/gotrace-diff.bash completions/_gotrace-diff completions/gotrace-diff.fish completions/_gotrace-diff.ps1; do
  [ -s "$folder/$file" ] || fail "no $file"
done

version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/Cargo.toml" | head -n 1)
run() { ${RUNNER:-} "$binary" "$@"; }
[ "$(run --version)" = "gotrace-diff $version" ] || fail "--version says $(run --version)"

# Nothing else may have to be there.
case $name in
  *-linux-musl)
    if command -v readelf >/dev/null; then
      ! readelf -d "$binary" 2>/dev/null | grep -q NEEDED || fail "is not static"
      ! readelf -l "$binary" | grep -q INTERP || fail "asks for a loader"
    fi
    ;;
esac

# What it is for: a regression fails, unchanged code passes, a broken trace is an error.
data=$here/testdata/regressions
expect() {
  local want=$1 status=0
  shift
  run "$@" >"$scratch/out" 2>&1 || status=$?
  [ "$status" = "$want" ] || fail "$* ended with $status and not $want: $(cat "$scratch/out")"
}
expect 1 --base "$data/region15-runs/base.*.out" --head "$data/region15-runs/head.*.out"
grep -q '^regression: region tax' "$scratch/out" || fail "the regression is called $(head -n 1 "$scratch/out")"
expect 0 --base "$data/none-runs/base.*.out" --head "$data/none-runs/head.*.out"
expect 2 summarize "$here/testdata/misuse/go1.26.6/killed.out"

bash -n "$folder/completions/gotrace-diff.bash" || fail "completions for bash are no script"
if command -v man >/dev/null; then
  man -l "$folder/man/gotrace-diff.1" 2>/dev/null | grep -q 'go *traces' || fail "the manual page is none"
fi
echo "smoke: $name: fine"
