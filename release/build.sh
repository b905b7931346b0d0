#!/usr/bin/env bash
# One archive of a release: builds the binary for TARGET and packs it with what belongs beside it.
#
#   release/build.sh TARGET [FOLDER]      FOLDER/gotrace-diff-vVERSION-TARGET.tar.gz (.zip for Windows), and beside it
#                                         .cdx.json: what the binary is made of
#
# Equal sources give equal bytes, wherever they lie: paths are cut out of the binary, and archives have the commit's time,
# no owner and one order. Linux binaries are static (musl) and linked by Rust's own linker: no C compiler takes part.
#
#   HOST_BINARY=FILE    a gotrace-diff that runs here, where the one for TARGET does not: it prints completions and manual
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:?usage: release/build.sh TARGET [FOLDER]}
out=${2:-target/release-archives}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=gotrace-diff-v$version-$target
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

case $target in
  x86_64-unknown-linux-musl | aarch64-unknown-linux-musl | x86_64-apple-darwin | aarch64-apple-darwin) binary=gotrace-diff ;;
  x86_64-pc-windows-msvc | aarch64-pc-windows-msvc) binary=gotrace-diff.exe ;;
  *)
    echo "release/build.sh: no release is made for $target" >&2
    exit 2
    ;;
esac

# Where sources lie must not be in the binary. Windows writes such paths with backslashes.
paths=("$PWD" "${CARGO_HOME:-$HOME/.cargo}" "$(rustc --print sysroot)")
flags=()
for path in "${paths[@]}"; do
  if command -v cygpath >/dev/null; then path=$(cygpath -w "$path"); fi
  flags+=("--remap-path-prefix=$path=/")
done
case $target in
  *-linux-musl) flags+=(-Clinker=rust-lld -Ctarget-feature=+crt-static -Crelocation-model=static) ;;
  *-windows-msvc) flags+=(-Ctarget-feature=+crt-static -Clink-arg=/Brepro) ;;
  *-apple-darwin) export ZERO_AR_DATE=1 ;;
esac
CARGO_ENCODED_RUSTFLAGS=$(printf '\037%s' "${flags[@]}")
export CARGO_ENCODED_RUSTFLAGS=${CARGO_ENCODED_RUSTFLAGS#?}

# Where Rust did not come by rustup, its target may be there all the same: cargo says so if it is not.
rustup target add "$target" >/dev/null 2>&1 || true
cargo build --release --locked --target "$target" --bin gotrace-diff

built=${CARGO_TARGET_DIR:-target}/$target/release/$binary
says=${HOST_BINARY:-$built}
rm -rf "${out:?}/$name"
mkdir -p "$out/$name/completions" "$out/$name/man"
cp "$built" "$out/$name/$binary"
cp README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$out/$name/"
python3 release/notices.py "$target" >"$out/$name/THIRD-PARTY.txt"
"$says" completions bash >"$out/$name/completions/gotrace-diff.bash"
"$says" completions zsh >"$out/$name/completions/_gotrace-diff"
"$says" completions fish >"$out/$name/completions/gotrace-diff.fish"
"$says" completions powershell >"$out/$name/completions/_gotrace-diff.ps1"
"$says" man >"$out/$name/man/gotrace-diff.1"

python3 release/pack.py "$out" "$name"
python3 release/sbom.py "$target" "$built" >"$out/$name.cdx.json"
rm -rf "${out:?}/$name"
