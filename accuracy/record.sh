#!/usr/bin/env bash
# Records the workloads of the accuracy harness: every workload of workloads.txt, ROUNDS times in a row, the unchanged
# code and each of its regressions in turn (forwards, then backwards, as `gotrace-diff run` does), each run in a process
# of its own that stands in its package's folder.
#
#   accuracy/record.sh OUT SESSION [WORKLOAD...]
#
# writes OUT/WORKLOAD/SESSION/NNN-VARIANT.out with what `go tool test2json` says beside it. Call it at different times
# with another SESSION each. ROUNDS (40) says how many. Needs Go 1.26 or newer with its sources.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ $# -ge 2 ]] || {
	sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
}
out=$(mkdir -p "$1" && cd "$1" && pwd) session=$2
shift 2
rounds=${ROUNDS:-40}
examples=$here/../examples/regressions
goroot=$(go env GOROOT)
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT

# record WORKLOAD PACKAGE SWITCHES FLAGS...
record() {
	local workload=$1 package=$2 switches=$3 folder binary to i number variant order
	shift 3
	folder=$goroot/src/$package
	[[ $package != ./* ]] || folder=$examples/${package#./}
	binary=$bin/${package//\//_}.test
	[[ -x $binary ]] || (cd "$folder" && go test -c -trimpath -buildvcs=false -o "$binary" .)
	to=$out/$workload/$session
	mkdir -p "$to"
	order=(base)
	[[ $switches == - ]] || IFS=, read -ra order <<<"base,$switches"
	for ((i = 0; i < rounds; i++)); do
		printf -v number %03d "$i"
		for variant in "${order[@]}"; do
			(cd "$folder" && REGRESSION=${variant/#base/} "$binary" -test.paniconexit0 -test.v=test2json \
				-test.trace="$to/$number-$variant.out" "$@" 2>&1 || true) |
				go tool test2json -t -p "$package" >"$to/$number-$variant.json"
		done
		# Backwards the next time.
		for ((a = 0, z = ${#order[@]} - 1; a < z; a++, z--)); do
			variant=${order[a]} order[a]=${order[z]} order[z]=$variant
		done
	done
	echo "$(date +%T) $workload $session"
}

while read -r workload _ package switches flags; do
	[[ -n $workload && $workload != \#* ]] || continue
	if (($#)) && [[ " $* " != *" $workload "* ]]; then continue; fi
	[[ $flags != - ]] || flags=
	# shellcheck disable=SC2086 # flags hold no blanks of their own
	record "$workload" "$package" "$switches" $flags
done <"$here/workloads.txt"
