// A few thousand tiny goroutines.
package main

import (
	"sync"

	"example.com/workloads/internal/rec"
)

func tiny(wg *sync.WaitGroup) { wg.Done() }

func main() {
	defer rec.Start()()
	var wg sync.WaitGroup
	for round := 0; round < 3; round++ {
		wg.Add(1000)
		for i := 0; i < 1000; i++ {
			go tiny(&wg)
		}
		wg.Wait()
	}
	gate := make(chan bool)
	wg.Add(500)
	for i := 0; i < 500; i++ {
		go func() {
			<-gate
			wg.Done()
		}()
	}
	close(gate)
	wg.Wait()
}
