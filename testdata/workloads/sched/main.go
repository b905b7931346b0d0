// What only the scheduler does: preemption, yielding, threads locked to goroutines and lost with them.
package main

import (
	"runtime"
	"sync"
	"time"

	"example.com/workloads/internal/rec"
)

func spin(d time.Duration) (n int) {
	for end := time.Now().Add(d); time.Now().Before(end); n++ {
	}
	return n
}

func main() {
	defer rec.Start()()
	var wg sync.WaitGroup
	run := func(f func()) {
		wg.Add(1)
		go func() { defer wg.Done(); f() }()
	}
	for i := 0; i < 5; i++ { // more than there are Ps, longer than a time slice
		run(func() { spin(25 * time.Millisecond) })
	}
	run(func() {
		for i := 0; i < 30; i++ {
			runtime.Gosched()
		}
	})
	run(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for i := 0; i < 5; i++ {
			time.Sleep(time.Millisecond)
		}
	})
	run(func() {
		runtime.LockOSThread() // not unlocked: the thread dies with it
		spin(time.Millisecond)
	})
	run(runtime.Goexit)
	run(func() {
		defer func() { recover() }()
		panic("recovered")
	})
	wg.Wait()
}
