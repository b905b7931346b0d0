#!/usr/bin/env bash
# How fast gotrace-diff reads and summarizes: as a ratio to Go's own reader merely reading, and to `go tool trace`
# computing one profile; on the same machine, in the same run, one after the other.
#
#   benches/against-go.sh [KIND ...]        kinds: channels locks threads gc goroutines stacks regions
#
# Environment: MB, the sizes of the traces (100; "5 50 150 500" for all); RUNS, how often each is timed (3), of which the
# fastest counts, since whatever else the machine does only adds; PPROF, how often `go tool trace` is (1; 0 leaves it out, as it
# takes minutes on large traces); TRACES, a folder of traces that are there already, as KIND-MB.out, and where new ones are kept.
# Needs a Go of 1.26 or newer on PATH, or in $ORACLE_GO. The columns: MiB of the file and of its largest generation,
# events in thousands; ms of wall time of Go's reader, of `go tool trace -pprof=sync`, of ours; theirs by ours; our
# nanoseconds an event; our peak memory in MiB. It must stay below 64 plus twice the largest generation.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${RUNS:-3} pprof_runs=${PPROF:-1} go=${ORACLE_GO:-go}
read -ra sizes <<<"${MB:-100}"
[ $# -gt 0 ] || set -- channels locks threads gc goroutines stacks regions
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo build --release --quiet
ours=target/release/gotrace-diff
(cd benches/against-go && GOFLAGS='' GOTOOLCHAIN=local "$go" build -trimpath -o "$scratch/record" .)

# The least wall time, in ms, of running "${@:2}" so many times.
fastest() {
  for _ in $(seq "$1"); do
    local from to
    from=$(date +%s%N)
    "${@:2}" >/dev/null 2>&1
    to=$(date +%s%N)
    echo $(((to - from) / 1000000))
  done | sort -n | head -n 1
}

# The peak of resident memory of "$@", in MiB (of the largest child process so far, which is the one that ran).
peak() {
  python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)' "$@"
}

# Bytes of the largest generation, in MiB: the batches say which one they belong to.
largest() {
  python3 - "$1" <<'PY'
import sys
data = open(sys.argv[1], "rb").read()
def number(at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
at, sizes = 16, {}
while at < len(data):
    kind, start = data[at], at
    at += 1
    if kind not in (1, 49):
        continue  # The end of a generation.
    at += kind == 49
    generation, at = number(at)
    for _ in range(2):
        _, at = number(at)
    length, at = number(at)
    at += length
    sizes[generation] = sizes.get(generation, 0) + at - start
print(max(sizes.values()) >> 20)
PY
}

ratio() { awk "BEGIN { printf \"%.1f\", $1 / ($2 > 0 ? $2 : 1) }"; }

tests/oracle/run -parse-only testdata/traces/go1.26.6/sched.out >/dev/null # builds it
printf '%-11s %5s %5s %8s %8s %8s %7s %7s %7s %6s %6s\n' \
  kind MiB gen k-events reader pprof ours reader/ pprof/ ns/ev peak
for kind in "$@"; do
  for mb in "${sizes[@]}"; do
    trace=${TRACES:-$scratch}/$kind-$mb.out
    [ -e "$trace" ] || "$scratch/record" "$kind" "$mb" "$trace"
    reader=$(fastest "$runs" tests/oracle/run -parse-only "$trace")
    pprof=$(fastest "$pprof_runs" "$go" tool trace -pprof=sync "$trace")
    pprof=${pprof:-0}
    time=$(fastest "$runs" "$ours" summarize --format json "$trace")
    events=$(tests/oracle/run -parse-only "$trace" | sed 's/events=\([0-9]*\).*/\1/')
    printf '%-11s %5d %5d %8d %8d %8d %7d %7s %7s %6s %6d\n' "$kind" "$(($(wc -c <"$trace") >> 20))" \
      "$(largest "$trace")" "$((events / 1000))" "$reader" "$pprof" "$time" "$(ratio "$reader" "$time")" \
      "$(ratio "$pprof" "$time")" "$(ratio "$((time * 1000000))" "$events")" \
      "$(peak "$ours" summarize --format json "$trace")"
    [ -n "${TRACES:-}" ] || rm -f "$trace"
  done
done
