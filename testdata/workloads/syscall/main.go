//go:build linux

// System calls that block long enough for the scheduler to take their P away, among many short ones.
package main

import (
	"log"
	"os"
	"sync"
	"syscall"
	"time"

	"example.com/workloads/internal/rec"
)

func pipe() (r, w int) {
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil { // blocking, unlike os.Pipe: the network poller does not see it
		log.Fatal(err)
	}
	return p[0], p[1]
}

func reader(fd int, wg *sync.WaitGroup) {
	defer wg.Done()
	buf := make([]byte, 1)
	for {
		if n, err := syscall.Read(fd, buf); n <= 0 || err != nil {
			return
		}
	}
}

func short(wg *sync.WaitGroup) {
	defer wg.Done()
	for i := 0; i < 60; i++ {
		if _, err := os.Stat("/"); err != nil {
			log.Fatal(err)
		}
	}
}

func spin(d time.Duration, wg *sync.WaitGroup) {
	defer wg.Done()
	for end := time.Now().Add(d); time.Now().Before(end); {
	}
}

func main() {
	// In a system call before the trace starts, and still in it when it stops.
	var forever sync.WaitGroup
	forever.Add(2)
	before, beforeEnd := pipe()
	go reader(before, &forever)
	time.Sleep(2 * time.Millisecond)

	stop := rec.Start()
	var wg sync.WaitGroup
	var ends []int
	for i := 0; i < 3; i++ {
		r, w := pipe()
		ends = append(ends, w)
		wg.Add(1)
		go reader(r, &wg)
	}
	wg.Add(4)
	go short(&wg)
	go short(&wg)
	go spin(15*time.Millisecond, &wg)
	go spin(15*time.Millisecond, &wg)
	for i := 0; i < 10; i++ {
		time.Sleep(2 * time.Millisecond)
		for _, w := range ends[:1+i%3] {
			syscall.Write(w, []byte("x"))
		}
	}
	syscall.Write(beforeEnd, []byte("x")) // wakes the first one for a moment
	for _, w := range ends {
		syscall.Close(w)
	}
	wg.Wait()
	r, _ := pipe()
	go reader(r, &forever)
	time.Sleep(5 * time.Millisecond)
	stop()
}
