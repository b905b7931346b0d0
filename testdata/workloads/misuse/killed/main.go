// Kills itself (SIGKILL) in the middle of writing a generation, after some whole ones.
package main

import (
	"os"
	"time"

	"example.com/workloads/internal/rec"
)

func main() {
	defer rec.Start()()
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v
		}
	}()
	exchange := func() {
		ping <- 1
		<-pong
	}
	for end := time.Now().Add(110 * time.Millisecond); time.Now().Before(end); {
		exchange()
		time.Sleep(500 * time.Microsecond)
	}
	for i := 0; i < 3500; i++ {
		exchange() // fills a buffer, which is written out before its generation is
	}
	time.Sleep(time.Millisecond)
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		panic(err)
	}
	self.Kill()
	select {}
}
