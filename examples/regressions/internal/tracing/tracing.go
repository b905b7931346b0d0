// Package tracing starts the execution tracer in a benchmark, for when `go test -trace` records too much.
package tracing

import (
	"os"
	"runtime/trace"
	"testing"
)

// Benchmark traces the rest of a benchmark into the file that the environment variable TRACE names, if it names one.
// What comes before it in the benchmark is not in the trace. The benchmark runs with growing b.N; the file holds the
// last, full run, as each run starts it anew. Meant to be copied:
//
//	TRACE=trace.out go test -run='^$' -bench=BenchmarkCheckout -benchtime=100x ./checkout
func Benchmark(b *testing.B) {
	out := os.Getenv("TRACE")
	if out == "" {
		return
	}
	f, err := os.Create(out)
	if err != nil {
		b.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		trace.Stop() // without it the end of the trace is missing
		if err := f.Close(); err != nil {
			b.Error(err)
		}
	})
	b.ResetTimer()
}
