// Package rec starts the tracer for the programs beside it.
package rec

import (
	"log"
	"os"
	"runtime/trace"
)

// Path is where the recording goes: the program's first argument.
func Path() string {
	if len(os.Args) != 2 {
		log.Fatal("usage: program TRACE")
	}
	return os.Args[1]
}

// Start traces until the function it returns is called.
func Start() (stop func()) {
	f, err := os.Create(Path())
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	return func() {
		trace.Stop()
		if err := f.Close(); err != nil {
			log.Fatal(err)
		}
	}
}
