#!/bin/sh
# Installs gotrace-diff's binary: fetches the archive for this machine, compares its checksum, unpacks it.
#
#   curl -fsSL https://raw.githubusercontent.com/OWNER/gotrace-diff/vVERSION/install.sh | sh
#   sh install.sh --version 0.1.0 --to ~/.local/bin
#
# Nothing is installed that does not have the checksum of the manifest. The manifest is the one at the tag, unless
# --checksums names a file: whoever keeps that in their own repository trusts no server.
#
#   GOTRACE_DIFF_MIRROR     where archives are, instead of the releases: $GOTRACE_DIFF_MIRROR/vVERSION/ARCHIVE, and the
#                           manifest as $GOTRACE_DIFF_MIRROR/vVERSION/checksums.txt
#   GOTRACE_DIFF_VERSION    the same as --version
set -eu

repository=${GOTRACE_DIFF_REPOSITORY:-https://github.com/OWNER/gotrace-diff}
raw=${GOTRACE_DIFF_RAW:-https://raw.githubusercontent.com/OWNER/gotrace-diff}
# The version that this script belongs to.
version=${GOTRACE_DIFF_VERSION:-0.1.0}
to=$HOME/.local/bin
checksums=

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "install.sh: $*"
  exit 1
}
usage() {
  sed -n '2,15s/^# \{0,1\}//p' "$0" 2>/dev/null || say "see the top of install.sh"
  exit "$1"
}

while [ $# -gt 0 ]; do
  case $1 in
    --version | --to | --checksums)
      [ $# -ge 2 ] || fail "$1 needs a value"
      case $1 in
        --version) version=${2#v} ;;
        --to) to=$2 ;;
        --checksums) checksums=$2 ;;
      esac
      shift 2
      ;;
    -h | --help) usage 0 ;;
    *) fail "unknown: $1 (--version, --to, --checksums)" ;;
  esac
done
case $version in
  *[!0-9A-Za-z.-]* | '') fail "no version: $version" ;;
esac

system=$(uname -s)
machine=$(uname -m)
case $machine in
  x86_64 | amd64) machine=x86_64 ;;
  aarch64 | arm64) machine=aarch64 ;;
  *) fail "no binary is made for $machine; build it: cargo install gotrace-diff" ;;
esac
case $system in
  Linux) target=$machine-unknown-linux-musl ;;
  Darwin) target=$machine-apple-darwin ;;
  *) fail "no binary for $system is installed by this script; see docs/install.md" ;;
esac
archive=gotrace-diff-v$version-$target.tar.gz

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# Plain HTTP only to a mirror of one's own, which is the user's to decide: the checksum is compared all the same.
fetch() {
  if command -v curl >/dev/null 2>&1; then
    case $1 in
      http://*) curl -fsSL --retry 3 --max-redirs 5 -o "$2" -- "$1" ;;
      *) curl --proto '=https' --tlsv1.2 -fsSL --retry 3 --max-redirs 5 -o "$2" -- "$1" ;;
    esac
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$2" -- "$1"
  else
    fail "neither curl nor wget is here"
  fi
}

if [ -n "${GOTRACE_DIFF_MIRROR:-}" ]; then
  from=${GOTRACE_DIFF_MIRROR%/}/v$version
  manifest=$from/checksums.txt
else
  from=$repository/releases/download/v$version
  manifest=$raw/v$version/action/checksums.txt
fi
if [ -n "$checksums" ]; then
  cp "$checksums" "$scratch/checksums.txt" || fail "cannot read $checksums"
else
  fetch "$manifest" "$scratch/checksums.txt" || fail "cannot fetch $manifest"
fi
# A line is 64 digits, two characters, the name.
want=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$scratch/checksums.txt")
case $want in
  *[!0-9a-f]* | '') fail "the manifest has no checksum of $archive" ;;
esac
[ ${#want} -eq 64 ] || fail "the manifest has no checksum of $archive"
fetch "$from/$archive" "$scratch/$archive" || fail "cannot fetch $from/$archive"
if command -v sha256sum >/dev/null 2>&1; then
  got=$(sha256sum "$scratch/$archive" | cut -d ' ' -f 1)
elif command -v shasum >/dev/null 2>&1; then
  got=$(shasum -a 256 "$scratch/$archive" | cut -d ' ' -f 1)
else
  fail "neither sha256sum nor shasum is here: what was fetched cannot be verified"
fi
[ "$got" = "$want" ] || fail "$archive has the checksum $got and not $want: nothing was installed"

tar -xzf "$scratch/$archive" -C "$scratch"
folder=$scratch/${archive%.tar.gz}
mkdir -p "$to"
# Beside its place first: a binary that runs cannot be written over, but it can be replaced.
cp "$folder/gotrace-diff" "$to/.gotrace-diff.$$"
chmod 755 "$to/.gotrace-diff.$$"
mv -f "$to/.gotrace-diff.$$" "$to/gotrace-diff"

# Completions and the manual where shells and man look for them, below the same folder.
case $to in
  */bin)
    share=${to%/bin}/share
    if ! {
      mkdir -p "$share/bash-completion/completions" "$share/zsh/site-functions" "$share/fish/vendor_completions.d" \
        "$share/man/man1" &&
        cp "$folder/completions/gotrace-diff.bash" "$share/bash-completion/completions/gotrace-diff" &&
        cp "$folder/completions/_gotrace-diff" "$share/zsh/site-functions/_gotrace-diff" &&
        cp "$folder/completions/gotrace-diff.fish" "$share/fish/vendor_completions.d/gotrace-diff.fish" &&
        cp "$folder/man/gotrace-diff.1" "$share/man/man1/gotrace-diff.1"
    }; then
      say "completions and the manual could not be installed below $share"
    fi
    ;;
esac
say "installed $("$to/gotrace-diff" --version) as $to/gotrace-diff"
case :$PATH: in
  *:"$to":*) ;;
  *) say "$to is not in PATH: export PATH=\"$to:\$PATH\"" ;;
esac
