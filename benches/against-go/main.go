// Command against-go records an execution trace of about the given size, of one kind of program.
//
//	against-go KIND MEGABYTES FILE
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/trace"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// counting tells the workload how much has been written.
type counting struct {
	w *bufio.Writer
	n atomic.Int64
}

func (c *counting) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return c.w.Write(p)
}

var kinds = map[string]func(more func() bool){
	"channels":   channels,
	"locks":      locks,
	"threads":    threads,
	"gc":         gc,
	"goroutines": goroutines,
	"stacks":     stacks,
	"regions":    regions,
}

func main() {
	if len(os.Args) != 4 || kinds[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: against-go channels|locks|threads|gc|goroutines|stacks|regions MEGABYTES FILE")
		os.Exit(2)
	}
	size, err := strconv.ParseInt(os.Args[2], 10, 64)
	check(err)
	f, err := os.Create(os.Args[3])
	check(err)
	out := &counting{w: bufio.NewWriterSize(f, 1<<20)}
	check(trace.Start(out))
	kinds[os.Args[1]](func() bool { return out.n.Load() < size<<20 })
	trace.Stop()
	check(out.w.Flush())
	check(f.Close())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// parallel runs f on n goroutines as long as more says so.
func parallel(n int, more func() bool, f func(i int)) {
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for more() {
				f(i)
			}
		}(i)
	}
	wg.Wait()
}

func channels(more func() bool) {
	const pairs = 16
	var to, back [pairs]chan int
	for i := range to {
		to[i], back[i] = make(chan int), make(chan int)
		go func(i int) {
			for v := range to[i] {
				back[i] <- v
			}
		}(i)
	}
	parallel(pairs, more, func(i int) { to[i] <- 1; <-back[i] })
	for i := range to {
		close(to[i])
	}
}

func locks(more func() bool) {
	var mu sync.Mutex
	parallel(16, more, func(int) {
		mu.Lock()
		runtime.Gosched()
		mu.Unlock()
	})
}

// threads makes system calls that take long enough to lose their processor, from many goroutines.
func threads(more func() bool) {
	parallel(64, more, func(int) {
		r, w, err := os.Pipe()
		check(err)
		for i := 0; i < 50; i++ {
			w.Write([]byte{1})
			r.Read(make([]byte, 1))
		}
		r.Close()
		w.Close()
	})
}

var sink [4][]byte

func gc(more func() bool) {
	parallel(4, more, func(i int) {
		for j := 0; j < 1000; j++ {
			sink[i] = make([]byte, 16<<10)
		}
	})
}

func goroutines(more func() bool) {
	for more() {
		var wg sync.WaitGroup
		for i := 0; i < 100_000; i++ {
			wg.Add(1)
			go wg.Done()
		}
		wg.Wait()
	}
}

func stacks(more func() bool) {
	ch := make(chan int)
	go func() {
		for range ch {
		}
	}()
	n := 0
	parallel(1, more, func(int) { n++; descend(100, n, ch) })
	close(ch)
}

// descend takes one of two ways at each level, so that there are many distinct deep stacks.
func descend(depth, way int, ch chan int) {
	switch {
	case depth == 0:
		ch <- 1
	case way>>(depth%12)&1 == 0:
		left(depth-1, way, ch)
	default:
		right(depth-1, way, ch)
	}
}

//go:noinline
func left(depth, way int, ch chan int) { descend(depth, way, ch) }

//go:noinline
func right(depth, way int, ch chan int) { descend(depth, way, ch) }

func regions(more func() bool) {
	parallel(4, more, func(i int) {
		ctx, task := trace.NewTask(context.Background(), "request")
		for j := 0; j < 10; j++ {
			trace.WithRegion(ctx, "outer", func() {
				trace.WithRegion(ctx, "inner", func() { trace.Log(ctx, "step", "done") })
			})
		}
		task.End()
		if i == 0 {
			time.Sleep(time.Microsecond)
		}
	})
}
