#!/usr/bin/env bash
# The fuzz targets, one after the other, and what is kept of what they found.
#
#   fuzz/run.sh 300                    each target for 300 seconds
#   fuzz/run.sh 3600 trace structured  these only
#   fuzz/run.sh keep                   corpora minimised and packed into tests/corpus/fuzz, which the ordinary tests replay
#
# Needs a nightly Rust and cargo-fuzz (`cargo install cargo-fuzz`). Inputs are gathered in fuzz/corpus: at first those that are
# packed, recordings and documents of testdata, and the bad inputs of tests/corpus. How long each target ran goes to
# fuzz/hours.tsv. What makes a target fail goes to fuzz/artifacts: then the status is 1, when all have run.
set -euo pipefail
cd "$(dirname "$0")/.."
usage='usage: fuzz/run.sh SECONDS [TARGET...] | keep [TARGET...]'
what=${1:?$usage}
shift
targets=("$@")
if [ "${#targets[@]}" -eq 0 ]; then
  for file in fuzz/fuzz_targets/*.rs; do
    name=${file##*/}
    targets+=("${name%.rs}")
  done
fi
# No code here is unsafe: a sanitizer of addresses would halve the inputs, to watch libraries that others fuzz.
fuzz() { cargo +nightly fuzz "$1" --sanitizer none "${@:2}"; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT

if [ "$what" = keep ]; then
  for target in "${targets[@]}"; do
    fuzz cmin "$target" "fuzz/corpus/$target" -- -timeout=60 -rss_limit_mb=4096
  done
  GOTRACE_DIFF_FUZZ_KEEP=$PWD/fuzz/corpus cargo test --test it kept_inputs_of_the_fuzz
  exit
fi
[[ $what =~ ^[0-9]+$ ]] || { echo "$usage" >&2; exit 2; }

[ -d fuzz/corpus ] || GOTRACE_DIFF_FUZZ_SEEDS=$PWD/fuzz/corpus cargo test --test it seeds_for_cargo_fuzz
failed=0
for target in "${targets[@]}"; do
  mkdir -p "fuzz/corpus/$target"
  begin=$(date +%s)
  found=no
  # Its status is that of what found nothing more to print, or of what was found: the log says which.
  fuzz run "$target" "fuzz/corpus/$target" -- "-max_total_time=$what" -timeout=60 -rss_limit_mb=4096 -max_len=65536 \
    -print_final_stats=1 2>&1 | tee "$log" | grep -v -e '^#' -e '^NEW' || true
  # The sum at the end is there however it ended.
  inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  grep -q '^Done [0-9]* runs' "$log" || { found=yes failed=1; }
  [ -e fuzz/hours.tsv ] || printf "day\ttarget\tseconds\tinputs\tfound\n" >fuzz/hours.tsv
  printf '%s\t%s\t%s\t%s\t%s\n' "$(date +%F)" "$target" "$(($(date +%s) - begin))" "${inputs:-0}" "$found" >>fuzz/hours.tsv
done
exit "$failed"
