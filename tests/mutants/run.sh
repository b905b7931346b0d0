#!/usr/bin/env bash
# Mutants of what must not be wrong unnoticed, in crates that have little else: one is built and tried in seconds where the whole
# takes a minute.
#
#   tests/mutants/run.sh reader FOLDER     trace and statistics: the bottom of the layers
#   tests/mutants/run.sh gate FOLDER       gate and escapers, on a crate of what they stand on
#   tests/mutants/run.sh compare FOLDER    comparing, with the gate above it
#
# The crate goes to FOLDER, the results to FOLDER/mutants.out. What follows is cargo-mutants' own: `--shard 0/20` is every
# 20th mutant, `--in-diff FILE` those of lines that were changed, `--file src/gate/rules.rs` those of a file. Needs
# `cargo install cargo-mutants`.
#
# The tests are those of the files themselves, and of tests/it those that need no more than these parts: modules of the one
# crate, so that a mutant costs one binary. Which survivors are known, and why they may, is in tests/mutants/survivors.txt.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
usage='usage: tests/mutants/run.sh reader|gate|compare FOLDER [FLAGS]'
part=${1:?$usage} crate=${2:?$usage}
shift 2
rm -rf "$crate/src" "$crate/tests" "$crate/below"
mkdir -p "$crate/src" "$crate/tests/it/golden"

# take FOLDER NAME...: parts of the source, to where a crate has them.
take() {
  local to=$1
  shift
  for name; do cp -R "$root/src/$name" "$to/"; done
}
# library FOLDER MODULE...: its first file.
library() {
  local to=$1
  shift
  echo '#![allow(warnings)]' >"$to/lib.rs"
  for name; do echo "pub mod $name;"; done >>"$to/lib.rs"
}
# tests NAME...: of tests/it, as modules of the library under the same names.
tests() {
  echo '#[cfg(test)] extern crate self as gotrace_diff;' >>"$crate/src/lib.rs"
  for name; do
    local file=$name.rs
    [ -e "$root/tests/it/$file" ] || file=$name/mod.rs
    cp -R "$root/tests/it/${file%/*}" "$crate/tests/it/"
    # A part and its tests may have one name; no test looks into others of that name.
    local as=$name
    [ ! -e "$root/src/$name" ] || as=${name}_tests
    printf '#[cfg(test)] #[path = "../tests/it/%s"] mod %s;\n' "$file" "$as" >>"$crate/src/lib.rs"
  done
}
# An item of a file: from the line that begins with the text to the line that is `}`.
item() { awk -v from="$2" 'index($0, from) == 1 { on = 1 } on { print } on && $0 == "}" { exit }' "$root/$1"; }
# Of the manifest what says how a library is built. With the same dependencies, those that are built already serve.
manifest() { awk '/^\[/ { off = /^\[\[(bin|bench)\]\]/ } !off' "$root/Cargo.toml"; }

manifest >"$crate/Cargo.toml"
cp "$root/Cargo.lock" "$root/rust-toolchain.toml" "$crate/"
case $part in
  reader)
    take "$crate/src" trace stats few.rs hash.rs launchers.rs
    library "$crate/src" few hash launchers stats trace
    tests craft data events from_file helped mutate ordering
    cp "$root"/tests/it/golden/{events,refused}.txt "$crate/tests/it/golden/"
    cp -R "$root/tests/corpus" "$crate/tests/"
    # Recordings are read where they are: none is changed.
    ln -sfn "$root/testdata" "$crate/testdata"
    flags=()
    ;;
  gate | compare)
    above=(gate) flags=(--file 'src/gate/**' --file 'src/report/escape/**')
    if [ "$part" = compare ]; then above=(compare gate) flags=(--file 'src/compare/**'); fi
    # What they stand on is built once, in a crate of its own.
    below=$crate/below/src
    mkdir -p "$below/trace" "$below/metrics" "$below/report"
    take "$below" compare config diagnose stats summary error.rs few.rs hash.rs launchers.rs owners.rs paths.rs sketch.rs summary.rs unique.rs
    modules=(commands compare config diagnose error few hash launchers metrics owners paths sketch stats summary trace unique)
    # Of traces what errors and names are made of, of metrics what they are called.
    cp "$root"/src/trace/{error,event,launches,symbols}.rs "$below/trace/"
    printf 'pub mod error;\npub mod event;\npub mod launches;\npub mod symbols;\npub use error::*;\npub use event::*;\npub use symbols::*;\n' >"$below/trace/mod.rs"
    cp -R "$root"/src/metrics/{population.rs,registry.rs,registry} "$below/metrics/"
    printf 'pub mod population;\npub mod registry;\n' >"$below/metrics/mod.rs"
    # Of reports the escapers alone, and what the configuration names; of commands how a file is read.
    printf 'pub mod format;\npub mod terminal;\n' >"$below/report/mod.rs"
    {
      echo 'use clap::ValueEnum;'
      item src/report/format.rs '#[derive(Clone, Copy, Debug, Default'
    } >"$below/report/format.rs"
    {
      echo 'use clap::ValueEnum;'
      item src/report/terminal.rs '#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]'
      item src/report/terminal/layout.rs 'pub(crate) fn shorten'
    } >"$below/report/terminal.rs"
    cat >"$below/commands.rs" <<'EOF'
pub fn read_text(path: &std::path::Path, _most: u64) -> Result<String, crate::error::Error> {
    Ok(std::fs::read_to_string(path).unwrap_or_default())
}
EOF
    library "$below" "${modules[@]}" report
    # What is for the whole crate is for the one above as well.
    find "$below" -name '*.rs' -exec sed -i 's/pub(crate)/pub/' {} +
    manifest | sed -e 's/^name = "gotrace-diff"/name = "below"/' -e 's/^name = "gotrace_diff"/name = "below"/' >"$crate/below/Cargo.toml"
    sed -i 's|^\[dependencies\]$|&\nbelow = { path = "below" }|' "$crate/Cargo.toml"
    take "$crate/src" "${above[@]}"
    mkdir -p "$crate/src/report"
    cp -R "$root/src/report/escape" "$crate/src/report/"
    printf 'pub mod escape;\npub use below::report::*;\n' >"$crate/src/report/mod.rs"
    library "$crate/src" "${above[@]}" report
    for module in "${modules[@]}"; do
      case " ${above[*]} " in *" $module "*) ;; *) echo "pub use below::$module;" ;; esac
    done >>"$crate/src/lib.rs"
    tests asides compare_make compare_rename compare_series escapers gate limits proofs ranks thresholds verdicts
    cp "$root"/tests/it/golden/{escapers,verdicts}.txt "$crate/tests/it/golden/"
    ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac
# Files that the caller names stand in place of the part's.
for flag; do
  case $flag in -f | --file | --file=*) flags=() ;; esac
done
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target} CARGO_INCREMENTAL=1
cd "$crate"
exec cargo mutants --in-place --colors never --cargo-test-arg=--lib "${flags[@]}" "$@"
