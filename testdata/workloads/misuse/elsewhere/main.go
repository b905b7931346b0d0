// Ends a region on another goroutine: Go's reader takes it for two regions, one without end, one without beginning.
package main

import (
	"context"
	"runtime/trace"
	"time"

	"example.com/workloads/internal/rec"
)

func main() {
	defer rec.Start()()
	ctx, task := trace.NewTask(context.Background(), "request")
	defer task.End()
	region := trace.StartRegion(ctx, "wrong goroutine")
	done := make(chan bool)
	go func() {
		time.Sleep(time.Millisecond)
		region.End()
		done <- true
	}()
	<-done
	trace.WithRegion(ctx, "after", func() { time.Sleep(time.Millisecond) })
}
