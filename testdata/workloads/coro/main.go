//go:build go1.23

// iter.Pull: goroutines that hand over to each other without the scheduler.
package main

import (
	"context"
	"iter"
	"runtime/trace"
	"time"

	"example.com/workloads/internal/rec"
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

// slow waits in the middle of an iteration, so that the consumer's switch meets a coroutine that blocks.
func slow(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n && yield(i); i++ {
			time.Sleep(300 * time.Microsecond)
		}
	}
}

func walk(seq iter.Seq[int], limit int) {
	next, stop := iter.Pull(seq)
	defer stop()
	for i := 0; i < limit; i++ {
		if _, ok := next(); !ok {
			return
		}
	}
}

func main() {
	defer rec.Start()()
	ctx, task := trace.NewTask(context.Background(), "iterate")
	defer task.End()
	done := make(chan bool)
	for _, n := range []int{40, 5} {
		go func() {
			defer trace.StartRegion(ctx, "walk").End()
			walk(count(20), n)
			done <- true
		}()
	}
	walk(slow(6), 10)
	// Pulling from within a pulled sequence.
	walk(func(yield func(int) bool) {
		next, stop := iter.Pull(count(5))
		defer stop()
		for v, ok := next(); ok && yield(v); v, ok = next() {
		}
	}, 10)
	<-done
	<-done
	// One that is abandoned, still waiting when the trace stops.
	next, _ := iter.Pull(count(3))
	next()
}
