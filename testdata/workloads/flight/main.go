//go:build go1.25

// A flight recorder's snapshot: the trace starts in mid-execution and not at generation 1.
package main

import (
	"context"
	"log"
	"os"
	"runtime/trace"
	"time"

	"example.com/workloads/internal/rec"
)

func main() {
	ctx := context.Background()
	fr := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: 100 * time.Millisecond})
	if err := fr.Start(); err != nil {
		log.Fatal(err)
	}
	go func() { select {} }()
	early, earlyTask := trace.NewTask(ctx, "early")
	earlyRegion := trace.StartRegion(early, "early region")
	hold, requests := make(chan bool), make(chan int)
	go func() {
		defer trace.StartRegion(early, "early region elsewhere").End()
		<-hold
	}()
	go func() {
		for id := range requests {
			ctx, task := trace.NewTask(early, "request")
			trace.Logf(ctx, "request", "id=%d", id)
			trace.WithRegion(ctx, "work", func() { time.Sleep(2 * time.Millisecond) })
			task.End()
		}
	}()
	for id := 0; id < 100; id++ {
		requests <- id
		time.Sleep(2 * time.Millisecond)
	}
	close(hold)
	earlyRegion.End()
	earlyTask.End()
	time.Sleep(30 * time.Millisecond)
	f, err := os.Create(rec.Path())
	if err != nil {
		log.Fatal(err)
	}
	if _, err := fr.WriteTo(f); err != nil {
		log.Fatal(err)
	}
	fr.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
