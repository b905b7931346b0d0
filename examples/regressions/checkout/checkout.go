// Package checkout serves one request at a time and says in the trace what it does: a task for the request, tasks
// below it for what runs beside it, a region for each phase, a log where something is worth knowing.
package checkout

import (
	"context"
	"runtime/trace"
	"sync"
	"time"

	"example.com/shop/internal/busy"
	"example.com/shop/internal/regress"
)

// The work of each phase, in rounds of hashing.

func parse() {
	switch {
	case regress.On("region"):
		busy.Work(2000) // twice as slow
	case regress.On("regionshift"):
		busy.Work(400) // what it lost, render gained
	default:
		busy.Work(1000)
	}
}

func tax() { busy.Work(regress.Pick("region15", 2000, 2300)) } // 15 % more

func page() { busy.Work(regress.Pick("regionshift", 2000, 2600)) }

// Handle answers one request.
func Handle(ctx context.Context, id int) {
	ctx, task := trace.NewTask(ctx, "request")
	defer task.End()

	trace.WithRegion(ctx, "parse", parse)
	fetch(ctx, id)
	trace.WithRegion(ctx, "render", func() {
		trace.WithRegion(ctx, "tax", tax) // regions nest
		page()
	})
}

// fetch asks for stock and prices at the same time. Each is a task of its own, a child of the request's,
// and it is the context that carries it to the other goroutine: a region cannot cross over.
func fetch(ctx context.Context, id int) {
	var wg sync.WaitGroup
	for _, what := range []string{"stock", "price"} {
		wg.Add(1)
		go func(what string) {
			defer wg.Done()
			ctx, task := trace.NewTask(ctx, "fetch "+what)
			defer task.End()
			defer trace.StartRegion(ctx, "fetch").End()
			if id%10 == 0 {
				trace.Log(ctx, "cache", "miss")
				time.Sleep(time.Millisecond)
			}
			trace.Logf(ctx, "fetch", "%s of %d", what, id)
		}(what)
	}
	wg.Wait()
}
