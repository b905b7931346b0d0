#!/usr/bin/env bash
# How fast gotrace-diff reads and summarizes, as a ratio to Go's own reader merely reading: on the same machine, in
# the same run, one after the other.
#
#   benches/against-go.sh [KIND ...]        kinds: channels locks threads gc goroutines stacks regions
#
# Environment: MB, the size of the traces (100); RUNS, how often each is timed (3); the median counts.
# Needs a Go of 1.26 or newer on PATH, or in $ORACLE_GO. Traces are recorded into a folder that is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
mb=${MB:-100} runs=${RUNS:-3}
go=${ORACLE_GO:-go}
[ $# -gt 0 ] || set -- channels locks threads gc goroutines stacks regions
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cargo build --release --quiet
(cd benches/against-go && GOFLAGS='' GOTOOLCHAIN=local "$go" build -trimpath -o "$folder/record" .)

# The median wall time, in ms, of running "$@" $runs times.
median() {
  for _ in $(seq "$runs"); do
    local from to
    from=$(date +%s%N)
    "$@" >/dev/null
    to=$(date +%s%N)
    echo $(((to - from) / 1000000))
  done | sort -n | sed -n "$(((runs + 1) / 2))p"
}

tests/oracle/run -parse-only testdata/traces/go1.26.6/sched.out >/dev/null # builds it
printf '%-11s %6s %10s %10s %10s %7s\n' kind MB events "Go's ms" "ours ms" ratio
for kind in "$@"; do
  trace=$folder/$kind.out
  "$folder/record" "$kind" "$mb" "$trace"
  theirs=$(median tests/oracle/run -parse-only "$trace")
  ours=$(median target/release/gotrace-diff summarize --format json "$trace")
  events=$(tests/oracle/run -parse-only "$trace" | sed 's/events=\([0-9]*\).*/\1/')
  size=$(($(wc -c <"$trace") >> 20))
  printf '%-11s %6d %10d %10d %10d %7s\n' "$kind" "$size" "$events" "$theirs" "$ours" \
    "$(awk "BEGIN { printf \"%.1f\", $theirs / $ours }")"
  rm -f "$trace"
done
