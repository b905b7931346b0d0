// Package exit has tests that end the process before the trace is written out. MISUSE chooses how.
package exit

import (
	"os"
	"testing"
	"time"
)

func work() {
	done := make(chan int)
	for i := 0; i < 200; i++ {
		go func() { time.Sleep(50 * time.Microsecond); done <- 1 }()
	}
	for i := 0; i < 200; i++ {
		<-done
	}
}

func TestFine(t *testing.T) { work() }

func TestEnd(t *testing.T) {
	work()
	switch os.Getenv("MISUSE") {
	case "exit":
		os.Exit(1)
	case "exit later":
		time.Sleep(100 * time.Millisecond)
		os.Exit(1)
	case "panic":
		panic("misuse")
	case "timeout":
		select {}
	}
}
