#!/usr/bin/env bash
# Mutants of the reader and the statistics, in a crate that has nothing else: they lie at the bottom of the layers, so that one is
# built and tried in seconds where the whole takes a minute.
#
#   tests/mutants/reader.sh FOLDER [cargo-mutants' own flags]      the crate goes to FOLDER, the results to FOLDER/mutants.out
#   tests/mutants/reader.sh FOLDER --shard 0/20                    every 20th mutant
#
# The tests are those of the files themselves, and of tests/it those that need no more than the reader.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
crate=${1:?usage: tests/mutants/reader.sh FOLDER [FLAGS]}
shift
mkdir -p "$crate/src" "$crate/tests/it/golden"
cp -R "$root/src/trace" "$root/src/stats" "$root/src/hash.rs" "$crate/src/"
printf '%s\n' '#![allow(missing_docs)]' 'pub mod hash;' 'pub mod stats;' 'pub mod trace;' >"$crate/src/lib.rs"
cp "$root/tests/it/data.rs" "$root/tests/it/events.rs" "$crate/tests/it/"
cp "$root/tests/it/golden/events.txt" "$crate/tests/it/golden/"
cp -R "$root/tests/corpus" "$crate/tests/"
printf '%s\n' '#![allow(dead_code)]' 'mod data;' 'mod events;' >"$crate/tests/it/main.rs"
# Recordings are read where they are: none is changed.
ln -sfn "$root/testdata" "$crate/testdata"
cp "$root/Cargo.lock" "$crate/"
version() { sed -n "s/^$1 = \(.*\)/$1 = \1/p" "$root/Cargo.toml" | head -n 1; }
{
  printf '[package]\nname = "gotrace-diff"\nversion = "0.1.0"\nedition = "2024"\n\n[lib]\nname = "gotrace_diff"\n\n[workspace]\n\n[dependencies]\n'
  for name in flate2 foldhash ruzstd thiserror; do version "$name"; done
  printf '\n[dev-dependencies]\n'
  version serde_json
  printf '\n[profile.dev.package."*"]\nopt-level = 2\n\n[profile.dev]\nopt-level = 1\ndebug = "line-tables-only"\n'
} >"$crate/Cargo.toml"
cd "$crate"
exec cargo mutants --in-place --colors never "$@"
