// Package demo holds what the demo suite tests: one function for each way a goroutine can wait.
package demo

import (
	"crypto/sha256"
	"sync"
)

// Hash is CPU work of a fixed size.
func Hash(rounds int) [32]byte {
	sum := sha256.Sum256([]byte("demo"))
	for i := 0; i < rounds; i++ {
		sum = sha256.Sum256(sum[:])
	}
	return sum
}

// Pipeline sends n jobs to a few workers and adds up what comes back.
func Pipeline(n, workers int) int {
	jobs, results := make(chan int), make(chan int)
	var wg sync.WaitGroup
	for w := 0; w < workers; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range jobs {
				results <- j + int(Hash(20)[0])&1
			}
		}()
	}
	go func() {
		for i := 0; i < n; i++ {
			jobs <- i
		}
		close(jobs)
		wg.Wait()
		close(results)
	}()
	sum := 0
	for r := range results {
		sum += r
	}
	return sum
}

// Counter is a lock that many goroutines want.
type Counter struct {
	mu sync.Mutex
	n  int
}

// Add works while it holds the lock, so that others have to wait.
func (c *Counter) Add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	Hash(200)
	c.n++
}

// Queue wakes its readers with a condition variable.
type Queue struct {
	mu    sync.Mutex
	ready *sync.Cond
	items []int
}

// NewQueue returns an empty queue.
func NewQueue() *Queue {
	q := &Queue{}
	q.ready = sync.NewCond(&q.mu)
	return q
}

// Put adds an item and wakes one reader.
func (q *Queue) Put(v int) {
	q.mu.Lock()
	q.items = append(q.items, v)
	q.mu.Unlock()
	q.ready.Signal()
}

// Take waits for an item.
func (q *Queue) Take() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		q.ready.Wait()
	}
	v := q.items[0]
	q.items = q.items[1:]
	return v
}
