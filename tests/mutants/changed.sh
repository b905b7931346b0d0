#!/usr/bin/env bash
# Mutants of the lines that changed since a commit, the one before this where none is named; for .ci/run, so bounded: at most 40
# of each part, evenly out of all, and 100 seconds. Ends with 1 where more than a tenth of those tried survive.
#
#   tests/mutants/changed.sh [COMMIT [PART...]]      parts: reader, gate, compare; all where none is named
#
# All of them are tried by tests/mutants/run.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
most=${MUTANTS_MOST:-40} seconds=${MUTANTS_SECONDS:-100}
base=${1:-HEAD^1}
if ! base=$(git rev-parse --verify --quiet "$base^{commit}"); then
  echo "mutants: not tried, as there is no commit to compare with"
  exit
fi
folder=$(mktemp -d) target=${CARGO_TARGET_DIR:-$PWD/target}
trap 'rm -rf "$folder"' EXIT
count() { if [ -e "$1" ]; then wc -l <"$1"; else echo 0; fi; }

# try PART PATH...
try() {
  local part=$1 diff=$folder/$1.diff all every=1 shard=() out=$folder/$1/mutants.out
  shift
  git diff "$base" -- "$@" >"$diff"
  if [ ! -s "$diff" ]; then
    echo "mutants of the $part: not tried, as nothing of $* changed since ${base:0:12}"
    return
  fi
  all=$(tests/mutants/run.sh "$part" "$folder/$part" --in-diff "$diff" --list | count /dev/stdin)
  if [ "$all" -eq 0 ]; then
    echo "mutants of the $part: none, the lines that changed have nothing to change"
    return
  fi
  if [ "$all" -gt "$most" ]; then
    every=$(((all + most - 1) / most))
    shard=(--shard "0/$every" --sharding round-robin)
  fi
  # The time is for mutants. That the tests pass without them is what .ci/run sees anyway.
  (cd "$folder/$part" && CARGO_INCREMENTAL=1 cargo test --lib --no-run --quiet --target-dir "$target")
  # What was tried until the time was over is written already; and cargo-mutants ends with 2 where any survive, which is judged
  # below.
  timeout --signal=INT --kill-after=20 "$seconds" \
    tests/mutants/run.sh "$part" "$folder/$part" --in-diff "$diff" --baseline skip --timeout 60 "${shard[@]}" || true
  local caught survived
  caught=$(($(count "$out/caught.txt") + $(count "$out/timeout.txt")))
  # Those that are known to survive do not count. Where none is missed there may be no list of them, and grep, which finds nothing
  # then, ends with 1.
  sed 's/^\([^:]*\):[0-9]*:[0-9]*: /\1: /' "$out/missed.txt" 2>/dev/null >"$folder/missed" || true
  survived=$(grep -c -v -x -F -f <(grep -v '^#' tests/mutants/survivors.txt) "$folder/missed" || true)
  echo "mutants of the $part: of $all in the lines that changed $((caught + survived)) tried, $survived survive"
  if [ $((caught + survived + $(count "$out/unviable.txt"))) -eq 0 ]; then
    echo "none could be tried in $seconds s" >&2
    return 1
  fi
  if [ $((survived * 10)) -gt $((caught + survived)) ]; then
    grep -v -x -F -f <(grep -v '^#' tests/mutants/survivors.txt) "$folder/missed" >&2
    return 1
  fi
}

failed=0
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- reader gate compare
for part; do
  case $part in
    reader) try reader src/trace src/stats || failed=1 ;;
    gate) try gate src/gate src/report/escape || failed=1 ;;
    compare) try compare src/compare || failed=1 ;;
  esac
done
exit "$failed"
