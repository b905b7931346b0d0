// Many generations (GODEBUG=traceadvanceperiod=...): what is open has to live on from one to the next.
package main

import (
	"context"
	"runtime/trace"
	"sync"
	"time"

	"example.com/workloads/internal/rec"
)

var sink []byte

func main() {
	ctx := context.Background()
	idle := make(chan int)
	go func() { <-idle }() // says nothing for whole generations
	defer rec.Start()()

	long, task := trace.NewTask(ctx, "long")
	region := trace.StartRegion(long, "long region")
	var wg sync.WaitGroup
	wg.Add(3)
	go func() {
		defer wg.Done()
		for i := 0; i < 10; i++ {
			_, t := trace.NewTask(long, "short")
			trace.WithRegion(long, "slow region", func() { time.Sleep(15 * time.Millisecond) })
			t.End()
		}
	}()
	go func() {
		defer wg.Done()
		for i := 0; i < 20; i++ {
			sink = make([]byte, 1<<20)
			time.Sleep(7 * time.Millisecond)
		}
	}()
	ping, pong := make(chan int), make(chan int)
	go func() {
		defer wg.Done()
		for v := range ping {
			pong <- v
		}
	}()
	for i := 0; i < 60; i++ {
		ping <- i
		<-pong
		time.Sleep(2 * time.Millisecond)
	}
	close(ping)
	wg.Wait()
	region.End()
	task.End()
}
