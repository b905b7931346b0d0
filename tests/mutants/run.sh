#!/usr/bin/env bash
# Mutants of what must not be wrong unnoticed, in crates that have little else: one is built and tried in seconds where the whole
# takes a minute.
#
#   tests/mutants/run.sh reader FOLDER    trace and statistics: the bottom of the layers
#   tests/mutants/run.sh gate FOLDER      gate, comparing and escapers
#
# The crate goes to FOLDER, the results to FOLDER/mutants.out. What follows is cargo-mutants' own: `--shard 0/20` is every
# 20th mutant, `--in-diff FILE` those of lines that were changed, `--file src/gate/rules.rs` those of a file. Needs
# `cargo install cargo-mutants`.
#
# The tests are those of the files themselves, and of tests/it those that need no more than these parts. Which survivors
# are known, and why they may, is in tests/mutants/survivors.txt.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
usage='usage: tests/mutants/run.sh reader|gate FOLDER [FLAGS]'
part=${1:?$usage} crate=${2:?$usage}
shift 2
rm -rf "$crate/src" "$crate/tests"
mkdir -p "$crate/src" "$crate/tests/it/golden"

take() { for name in "$@"; do cp -R "$root/src/$name" "$crate/src/"; done; }
tests() {
  echo '#![allow(dead_code)]' >"$crate/tests/it/main.rs"
  for name in "$@"; do
    cp "$root/tests/it/$name.rs" "$crate/tests/it/"
    echo "mod $name;" >>"$crate/tests/it/main.rs"
  done
}
# An item of a file: from the line that begins with the text to the line that is `}`.
item() { awk -v from="$2" 'index($0, from) == 1 { on = 1 } on { print } on && $0 == "}" { exit }' "$root/$1"; }

case $part in
  reader)
    take trace stats few.rs hash.rs
    modules='few hash stats trace'
    tests craft data events ordering
    cp "$root"/tests/it/golden/{events,refused}.txt "$crate/tests/it/golden/"
    cp -R "$root/tests/corpus" "$crate/tests/"
    # Recordings are read where they are: none is changed.
    ln -sfn "$root/testdata" "$crate/testdata"
    flags=()
    ;;
  gate)
    take compare config diagnose gate stats summary error.rs few.rs hash.rs owners.rs paths.rs sketch.rs summary.rs unique.rs
    modules='commands compare config diagnose error few gate hash metrics owners paths report sketch stats summary trace unique'
    # Of traces what errors and names are made of, of metrics what they are called.
    mkdir -p "$crate/src/trace" "$crate/src/metrics"
    cp "$root"/src/trace/{error,event,symbols}.rs "$crate/src/trace/"
    printf 'pub mod error;\npub mod event;\npub mod symbols;\npub use error::*;\npub use event::*;\npub use symbols::*;\n' >"$crate/src/trace/mod.rs"
    cp -R "$root"/src/metrics/{population.rs,registry.rs,registry} "$crate/src/metrics/"
    printf 'pub mod population;\npub mod registry;\n' >"$crate/src/metrics/mod.rs"
    # Of reports the escapers alone, and what the configuration names; of commands how a file is read.
    mkdir -p "$crate/src/report"
    cp -R "$root/src/report/escape" "$crate/src/report/"
    printf 'pub mod escape;\npub mod format;\npub mod terminal;\n' >"$crate/src/report/mod.rs"
    {
      echo 'use clap::ValueEnum;'
      item src/report/format.rs '#[derive(Clone, Copy, Debug, Default'
    } >"$crate/src/report/format.rs"
    {
      echo 'use clap::ValueEnum;'
      item src/report/terminal.rs '#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]'
      item src/report/terminal/layout.rs 'pub(crate) fn shorten'
    } >"$crate/src/report/terminal.rs"
    cat >"$crate/src/commands.rs" <<'EOF'
pub(crate) fn read_text(path: &std::path::Path, _most: u64) -> Result<String, crate::error::Error> {
    Ok(std::fs::read_to_string(path).unwrap_or_default())
}
EOF
    tests asides compare_make compare_rename compare_series escapers gate limits proofs ranks thresholds verdicts
    cp "$root"/tests/it/golden/{escapers,verdicts}.txt "$crate/tests/it/golden/"
    flags=(--file 'src/gate/**' --file 'src/compare/**' --file 'src/report/escape/**')
    ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac
printf '#![allow(missing_docs, dead_code, unused_imports)]\n' >"$crate/src/lib.rs"
for module in $modules; do printf 'pub mod %s;\n' "$module"; done >>"$crate/src/lib.rs"
# With the same dependencies, those that are built already serve.
awk '/^\[/ { off = /^\[\[(bin|bench)\]\]/ } !off' "$root/Cargo.toml" >"$crate/Cargo.toml"
cp "$root/Cargo.lock" "$root/rust-toolchain.toml" "$crate/"
# Files that the caller names stand in place of the part's.
for flag; do
  case $flag in -f | --file | --file=*) flags=() ;; esac
done
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target} CARGO_INCREMENTAL=1
cd "$crate"
exec cargo mutants --in-place --colors never --cargo-test-arg=--lib --cargo-test-arg=--test=it "${flags[@]}" "$@"
