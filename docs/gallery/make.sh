#!/usr/bin/env bash
# Makes the gallery anew from testdata: one real comparison in every format.
set -euo pipefail
cd "$(dirname "$0")/../.."

runs=testdata/regressions/region15-runs
status=0
cargo run --release --quiet -- --base "$runs/base.*.out" --head "$runs/head.*.out" --report-dir docs/gallery || status=$?
# It is a regression, so 1 is what has to come.
[ "$status" -eq 1 ]
