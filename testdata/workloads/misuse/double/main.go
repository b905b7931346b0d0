// Ends an inner region twice: Go's reader gives up ("misuse of region").
package main

import (
	"context"
	"runtime/trace"
	"time"

	"example.com/workloads/internal/rec"
)

func main() {
	defer rec.Start()()
	ctx := context.Background()
	trace.WithRegion(ctx, "fine", func() { time.Sleep(time.Millisecond) })
	outer := trace.StartRegion(ctx, "outer")
	inner := trace.StartRegion(ctx, "inner")
	inner.End()
	inner.End()
	outer.End()
	time.Sleep(time.Millisecond)
}
