// Calls from C threads into Go, which make goroutines out of nothing.
package main

/*
#cgo LDFLAGS: -lpthread
void runThreads(void);
void callOnSameThread(void);
*/
import "C"

import (
	"context"
	"runtime/trace"
	"time"

	"example.com/workloads/internal/rec"
)

var results = make(chan int, 100)

//export goCallback
func goCallback(n C.int) {
	trace.WithRegion(context.Background(), "callback", func() {
		if n%2 == 1 {
			time.Sleep(200 * time.Microsecond)
		}
		results <- int(n)
	})
}

func main() {
	C.runThreads() // some Ms exist before the trace
	defer rec.Start()()
	C.runThreads()
	C.callOnSameThread()
	go C.runThreads() // still running when the trace stops
	time.Sleep(time.Millisecond)
}
