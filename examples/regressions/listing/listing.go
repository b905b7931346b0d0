//go:build go1.23

// Package listing merges the shelves of several shops into one sorted list, with iterators.
package listing

import "iter"

// Shelf yields n prices, starting at first and rising by step.
func Shelf(first, step, n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(first + i*step) {
				return
			}
		}
	}
}

// Merge yields the values of two sorted sequences in order. One of them has to be pulled: iter.Pull makes it a
// coroutine, a goroutine in the trace that runs only while Merge waits for it.
func Merge(a, b iter.Seq[int]) iter.Seq[int] {
	return func(yield func(int) bool) {
		next, stop := iter.Pull(b)
		defer stop()
		y, more := next()
		for x := range a {
			for ; more && y < x; y, more = next() {
				if !yield(y) {
					return
				}
			}
			if !yield(x) {
				return
			}
		}
		for ; more; y, more = next() {
			if !yield(y) {
				return
			}
		}
	}
}
