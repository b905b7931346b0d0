// Package media makes thumbnails on a pool of workers.
package media

import (
	"runtime"
	"sync"

	"example.com/shop/internal/busy"
	"example.com/shop/internal/regress"
)

// Thumbnails makes n thumbnails, each a little work, on four workers.
// With REGRESSION=perjob it starts a goroutine for each of them instead.
func Thumbnails(n int) [][32]byte {
	out := make([][32]byte, n)
	var wg sync.WaitGroup
	if regress.On("perjob") {
		for i := 0; i < n; i++ {
			wg.Add(1)
			go func(i int) {
				defer wg.Done()
				out[i] = busy.Work(50)
			}(i)
		}
		wg.Wait()
		return out
	}
	jobs := make(chan int, n)
	for i := 0; i < n; i++ {
		jobs <- i
	}
	close(jobs)
	for w := 0; w < 4; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range jobs {
				out[i] = busy.Work(50)
			}
		}()
	}
	wg.Wait()
	return out
}

// Transcode cuts a video into as many parts as the machine has processors and works on all of them.
// With REGRESSION=oversub there are sixteen times as many, each as much smaller: the same work, but most of the
// goroutines stand in line for a processor, and whoever else wants one stands behind them.
func Transcode(rounds int) {
	parts := regress.Pick("oversub", 1, 16) * runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for p := 0; p < parts; p++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			busy.Work(rounds / parts)
		}()
	}
	wg.Wait()
}
