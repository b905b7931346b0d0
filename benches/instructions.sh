#!/usr/bin/env bash
# Counts the instructions of each stage and holds them against benches/instructions.json (check), or writes that anew (update).
#
# In one unit of code: in several, which functions lie together and are inlined depends on how it is built, and the same source
# needs up to a fifth more. Dependencies are those of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
own=profile.dev.package.gotrace-diff
exec cargo bench --profile dev --config "$own.codegen-units=1" --config "$own.incremental=false" \
  --bench instructions --locked --quiet -- "$@"
