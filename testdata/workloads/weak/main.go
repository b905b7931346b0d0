//go:build go1.24

// Weak pointers made strong while the collector is at work, cleanups and finalizers.
package main

import (
	"runtime"
	"sync"
	"time"
	"weak"

	"example.com/workloads/internal/rec"
)

type node struct {
	left, right *node
}

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{tree(depth - 1), tree(depth - 1)}
}

func main() {
	big := tree(14) // gives the collector something to do
	defer rec.Start()()
	var wg sync.WaitGroup
	collecting := make(chan bool)
	for g := 0; g < 6; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			v := new([64]int)
			p := weak.Make(v)
			runtime.AddCleanup(v, func(int) {}, 1)
			for n := 0; ; n++ {
				select {
				case <-collecting:
					return
				default:
					p.Value()
					if n%64 == 0 {
						runtime.Gosched()
						time.Sleep(200 * time.Microsecond)
					}
				}
			}
		}()
	}
	f := new([64]int)
	runtime.SetFinalizer(f, func(*[64]int) {})
	runtime.GC()
	runtime.GC()
	close(collecting)
	wg.Wait()
	runtime.KeepAlive(big)
}
