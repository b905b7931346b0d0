#!/usr/bin/env bash
# Finds or fetches gotrace-diff, and writes where it is to the output `binary`.
#
#   binary-path ──▶ tool cache ──▶ release, checked against checksums.txt ──▶ the archive is kept in the tool cache
#   install-mode: source ──▶ cargo install, from this very checkout of the action
#   install-mode: none   ──▶ what is on PATH
#
# checksums.txt is committed beside this file, so whoever pins the action to a commit pins the binaries, too. The tool
# cache keeps archives, not programs: on machines of one's own other jobs can write there, so each use checks again.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mode=${GOTRACE_DIFF_INPUT_INSTALL_MODE:-binary}
given=${GOTRACE_DIFF_INPUT_BINARY_PATH:-}
version=${GOTRACE_DIFF_INPUT_VERSION:-}
mirror=${GOTRACE_DIFF_INPUT_DOWNLOAD_BASE_URL:-}
sums=$here/checksums.txt
temp=${RUNNER_TEMP:-${TMPDIR:-/tmp}}

# What is shown in the log may hold anything, a command to the runner included.
plain() { printf '%s' "$1" | tr -c 'A-Za-z0-9 .,()_/:\\@+=-' '?' | head -c 300; }

fail() {
  printf '::error title=gotrace-diff::%s\n' "$(plain "$1")"
  exit 2
}

# Tries the program at $1 and says where it is.
found() {
  local said
  said=$("$1" --version 2>/dev/null) || fail "$1 does not run on this machine"
  [[ $said =~ ^gotrace-diff\ [0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*$ ]] || fail "$1 is no gotrace-diff"
  if [ -n "${2:-}" ] && [ "$said" != "gotrace-diff $2" ]; then
    fail "$1 is $said, and $2 was wanted"
  fi
  printf '%s: %s\n' "$said" "$(plain "$1")"
  case $1 in *$'\n'* | *$'\r'*) fail "the path of the binary has a line's end in it" ;; esac
  printf 'binary=%s\n' "$1" >> "${GITHUB_OUTPUT:-/dev/null}"
  exit 0
}

case $mode in binary | source | none) ;; *) fail "input install-mode: $mode is none of binary, source, none" ;; esac
case $version in *[!0-9A-Za-z.+-]*) fail "input version: $version is no version" ;; esac
version=${version#v}

if [ -n "$given" ]; then
  case $given in /* | [A-Za-z]:[\\/]*) ;; *) given=${GITHUB_WORKSPACE:-$PWD}/$given ;; esac
  [ -f "$given" ] || fail "input binary-path: there is no file $given"
  found "$given" "$version"
fi

if [ "$mode" = none ]; then
  # Where there is none the next line says so.
  on_path=$(command -v gotrace-diff || true)
  [ -n "$on_path" ] || fail 'install-mode is none, and there is no gotrace-diff on PATH'
  found "$on_path" "$version"
fi

if [ "$mode" = source ]; then
  command -v cargo > /dev/null || fail 'install-mode is source, which needs Rust: there is no cargo on PATH'
  # From the folder, so that rustup takes the version that rust-toolchain.toml names.
  (cd "$here/.." && cargo install --locked --quiet --path . --root "$temp/gotrace-diff-source") \
    || fail 'cargo install failed: see above'
  found "$temp/gotrace-diff-source/bin/gotrace-diff" "$version"
fi

case ${RUNNER_ARCH:-} in
  X64) cpu=x86_64 ;;
  ARM64) cpu=aarch64 ;;
  *) fail "there is no release for the processor ${RUNNER_ARCH:-unknown}: use install-mode: source" ;;
esac
case ${RUNNER_OS:-} in
  Linux) target=$cpu-unknown-linux-musl end=tar.gz program=gotrace-diff ;;
  macOS) target=$cpu-apple-darwin end=tar.gz program=gotrace-diff ;;
  Windows) target=$cpu-pc-windows-msvc end=zip program=gotrace-diff.exe ;;
  *) fail "there is no release for the system ${RUNNER_OS:-unknown}: use install-mode: source" ;;
esac

# Lines as sha256sum prints them: HASH, two blanks, gotrace-diff-vVERSION-TARGET.END. Lines that begin with # are notes.
hash='' archive=''
while read -r sum name; do
  name=${name#\*}
  case $name in
    gotrace-diff-v*-"$target.$end")
      of=${name#gotrace-diff-v}
      of=${of%-"$target.$end"}
      if [ -z "$version" ] || [ "$version" = "$of" ]; then
        hash=$sum archive=$name version=$of
      fi
      ;;
  esac
done < <(tr -d '\r' < "$sums")
if [ -z "$archive" ]; then
  if grep -q '^[0-9a-f]' "$sums"; then
    fail "action/checksums.txt has no release ${version:+$version }for $target: pin the action to the tag of the release that you want, or use install-mode: source"
  fi
  fail 'there is no release yet (action/checksums.txt is empty): use install-mode: source'
fi
[[ $hash =~ ^[0-9a-f]{64}$ ]] || fail "action/checksums.txt: the line of $archive has no SHA-256"
[[ $version =~ ^[0-9A-Za-z.+-]+$ ]] || fail "action/checksums.txt: the line of $archive has no version"

holds() {
  local sum
  if command -v sha256sum > /dev/null; then sum=$(sha256sum < "$1"); else sum=$(shasum -a 256 < "$1"); fi
  [ "${sum%% *}" = "$hash" ]
}

cache=${RUNNER_TOOL_CACHE:-$temp}/gotrace-diff/$version/${RUNNER_ARCH}
# The steps after this one run the binary from here; the runner empties its folder for temporary files after the job.
work=$(mktemp -d "$temp/gotrace-diff.XXXXXX")
if [ -f "$cache/$archive" ] && cp "$cache/$archive" "$work/$archive" && holds "$work/$archive"; then
  printf 'from the tool cache: %s\n' "$archive"
else
  places=()
  if [ -n "$mirror" ]; then
    case $mirror in https://* | http://*) ;; *) fail 'input download-base-url: an address that begins with https:// is wanted' ;; esac
    case $mirror in *[[:space:][:cntrl:]]*) fail 'input download-base-url: there is a blank in it' ;; esac
    places+=("${mirror%/}")
  else
    repository=${GOTRACE_DIFF_REPOSITORY:-}
    [[ $repository =~ ^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$ ]] \
      || fail 'the runner does not say which repository this action is from: give download-base-url'
    # A GitHub of one's own may have the action from github.com: the checksum says whether it is the same.
    places+=("${GITHUB_SERVER_URL:-https://github.com}/$repository/releases/download")
    [ "${places[0]}" = "https://github.com/$repository/releases/download" ] \
      || places+=("https://github.com/$repository/releases/download")
  fi
  got=''
  for place in "${places[@]}"; do
    # Only an address that somebody typed may be of plain http: what comes is checked in any case.
    case $mirror in http://*) schemes='=http,https' ;; *) schemes='=https' ;; esac
    case $place in http://127.0.0.1:* | http://localhost:*) schemes='=http' ;; esac
    if curl --disable --proto "$schemes" --proto-redir "$schemes" --tlsv1.2 --location --fail --silent --show-error \
      --retry 3 --retry-delay 1 --connect-timeout 20 --max-time 300 --max-filesize 268435456 \
      --output "$work/$archive" -- "$place/v$version/$archive"; then
      got=$place
      break
    fi
  done
  [ -n "$got" ] || fail "$archive could not be downloaded: give download-base-url, binary-path or install-mode: source"
  holds "$work/$archive" || fail "$archive is not what action/checksums.txt says: nothing of it was run"
  # Whole or not at all: another job may look at the same moment. A cache that cannot be written is none.
  if mkdir -p "$cache" 2> /dev/null && cp "$work/$archive" "$cache/.$archive.$$" 2> /dev/null; then
    mv -f "$cache/.$archive.$$" "$cache/$archive" || true
  fi
fi

inside=${archive%."$end"}
if [ "$end" = zip ]; then
  if command -v unzip > /dev/null; then unzip -q "$work/$archive" -d "$work"; else (cd "$work" && tar -xf "$archive"); fi
else
  tar -xzf "$work/$archive" -C "$work"
fi
[ -f "$work/$inside/$program" ] || fail "$archive holds no $inside/$program"
found "$work/$inside/$program" "$version"
