// Little allocation, for GODEBUG=traceallocfree=1: its experimental batches have to be skipped.
package main

import "example.com/workloads/internal/rec"

var keep [][]byte

func main() {
	defer rec.Start()()
	done := make(chan bool)
	for g := 0; g < 3; g++ {
		go func() {
			for i := 0; i < 30; i++ {
				_ = append([]byte(nil), make([]byte, 64<<(i%4))...)
			}
			done <- true
		}()
	}
	for g := 0; g < 3; g++ {
		<-done
		keep = append(keep, make([]byte, 1<<21)) // the collector starts at 4 MiB
	}
}
