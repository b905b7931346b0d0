//go:build go1.25

// Package synctest has tests inside bubbles, where time is not the machine's.
package synctest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		time.Sleep(time.Hour - time.Nanosecond)
		synctest.Wait()
		if ctx.Err() != nil {
			t.Fatal(ctx.Err())
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if ctx.Err() == nil {
			t.Fatal("no timeout")
		}
	})
}

func TestWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jobs, done := make(chan int), make(chan int)
		for w := 0; w < 3; w++ {
			go func() {
				for range jobs {
					time.Sleep(time.Minute)
				}
				done <- w
			}()
		}
		for j := 0; j < 9; j++ {
			jobs <- j
		}
		close(jobs)
		for w := 0; w < 3; w++ {
			<-done
		}
	})
}

func TestOutside(t *testing.T) {
	t.Parallel()
	time.Sleep(time.Millisecond)
}
