// Tasks nested across goroutines, regions nested, logs; some of them left open when the trace stops.
package main

import (
	"context"
	"runtime/trace"
	"strings"
	"sync"
	"time"

	"example.com/workloads/internal/rec"
)

func spin(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
	}
}

func request(ctx context.Context, id int) {
	ctx, task := trace.NewTask(ctx, "request")
	defer task.End()
	trace.Logf(ctx, "request", "id=%d", id)
	var wg sync.WaitGroup
	for _, part := range []string{"stock", "price", "reviews"} {
		wg.Add(1)
		go func(part string) {
			defer wg.Done()
			ctx, task := trace.NewTask(ctx, "fetch "+part)
			defer task.End()
			defer trace.StartRegion(ctx, "fetch").End()
			trace.WithRegion(ctx, "connect", func() { time.Sleep(200 * time.Microsecond) })
			trace.WithRegion(ctx, "decode", func() {
				spin(100 * time.Microsecond)
				trace.WithRegion(ctx, "validate", func() { spin(50 * time.Microsecond) })
			})
			trace.Log(ctx, "fetch", part)
		}(part)
	}
	wg.Wait()
	trace.WithRegion(ctx, "render", func() { spin(200 * time.Microsecond) })
}

func main() {
	ctx := context.Background()

	// Begun before the trace: their ends have no beginnings.
	early, earlyTask := trace.NewTask(ctx, "early")
	earlyRegion := trace.StartRegion(early, "early region")
	waits := make(chan bool)
	go func() {
		r := trace.StartRegion(early, "early region elsewhere")
		<-waits
		r.End()
		waits <- true
	}()

	stop := rec.Start()
	earlyRegion.End()
	waits <- true
	<-waits
	trace.Log(early, "early", "log of a task from before")
	earlyTask.End()

	var wg sync.WaitGroup
	for id := 1; id <= 8; id++ {
		wg.Add(1)
		go func(id int) { defer wg.Done(); request(ctx, id) }(id)
		if id%3 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	wg.Wait()

	// A task that another goroutine ends, one that ends twice, one below it that ends later.
	outer, outerTask := trace.NewTask(ctx, "outer")
	_, inner := trace.NewTask(outer, "inner")
	done := make(chan bool)
	go func() { outerTask.End(); done <- true }()
	<-done
	inner.End()
	inner.End()

	// No task, and names that a report has to be careful with.
	trace.WithRegion(ctx, "no task", func() { spin(20 * time.Microsecond) })
	trace.Log(ctx, "", "no category")
	trace.Log(ctx, "odd", "line\nbreak\t\x1b[31mred\x1b[0m \xff <b>&amp;</b> | `code` ::error::")
	trace.WithRegion(ctx, "größe, 名前 | <script>", func() {})
	trace.WithRegion(ctx, strings.Repeat("long ", 300), func() {})

	// Left open: a task, a region of a living goroutine, a region of a goroutine that ended.
	open, _ := trace.NewTask(ctx, "open")
	go func() {
		trace.StartRegion(open, "open, ended goroutine")
		done <- true
	}()
	<-done
	go func() {
		defer trace.StartRegion(open, "open outer").End()
		defer trace.StartRegion(open, "open inner").End()
		done <- true
		<-waits
	}()
	<-done
	stop()
}
