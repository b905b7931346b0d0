// Allocation with assists, collections by hand, and every way of stopping the world.
package main

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync"

	"example.com/workloads/internal/rec"
)

type node struct {
	left, right *node
	_           [6]int
}

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{left: tree(depth - 1), right: tree(depth - 1)}
}

var keep [4]*node

func main() {
	defer rec.Start()()
	debug.SetGCPercent(25)
	var wg sync.WaitGroup
	for w := range keep {
		wg.Add(1)
		go func(w int) {
			defer wg.Done()
			for i := 0; i < 12; i++ {
				keep[w] = tree(10)
			}
		}(w)
	}
	wg.Wait()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	was := runtime.GOMAXPROCS(4)
	wg.Add(2)
	for w := 0; w < 2; w++ {
		go func() { defer wg.Done(); keep[0] = tree(10) }()
	}
	wg.Wait()
	runtime.GOMAXPROCS(1)
	keep[1] = tree(10)
	runtime.GOMAXPROCS(was)
	var b bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&b, 0)
}
