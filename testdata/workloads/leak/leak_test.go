// Package leak has tests that leave goroutines behind, each waiting in another way and for ever.
package leak

import (
	"net"
	"sync"
	"testing"
	"time"
)

func TestNone(t *testing.T) {
	done := make(chan bool)
	go func() { done <- true }()
	<-done
}

func TestSend(t *testing.T) {
	for i := 0; i < 5; i++ {
		c := make(chan int)
		go func() { c <- 1 }()
	}
	time.Sleep(time.Millisecond)
}

func TestReceive(t *testing.T) {
	for i := 0; i < 3; i++ {
		go func() { <-make(chan int) }()
	}
	time.Sleep(time.Millisecond)
}

func TestForever(t *testing.T) {
	go func() { select {} }()
	var none chan int
	go func() { <-none }()
	go func() { none <- 1 }()
	time.Sleep(time.Millisecond)
}

func TestDeadlock(t *testing.T) {
	var a, b sync.Mutex
	lock := func(x, y *sync.Mutex) {
		x.Lock()
		time.Sleep(time.Millisecond)
		y.Lock()
	}
	go lock(&a, &b)
	go lock(&b, &a)
	time.Sleep(3 * time.Millisecond)
}

func TestSelect(t *testing.T) {
	go func() {
		select {
		case <-make(chan int):
		case <-make(chan bool):
		}
	}()
	go func() {
		m := sync.Mutex{}
		c := sync.NewCond(&m)
		m.Lock()
		c.Wait()
	}()
	go func() {
		var wg sync.WaitGroup
		wg.Add(1)
		wg.Wait()
	}()
	time.Sleep(time.Millisecond)
}

func TestSubtests(t *testing.T) {
	for _, name := range []string{"one", "two"} {
		t.Run(name, func(t *testing.T) {
			go func() { time.Sleep(time.Hour) }()
			go func() {
				for range time.Tick(2 * time.Millisecond) {
				}
			}()
		})
	}
}

func TestAccept(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go l.Accept() // nobody ever closes it
	time.Sleep(time.Millisecond)
}

// Ends after its test, before the trace does: late, not leaked.
func TestLate(t *testing.T) {
	go time.Sleep(5 * time.Millisecond)
}

func TestZLast(t *testing.T) { time.Sleep(10 * time.Millisecond) }
