// Package catalog loads products from a database that has only so many connections.
package catalog

import (
	"context"
	"sync"
	"time"

	"example.com/shop/internal/regress"
)

// Row is one product.
type Row struct {
	ID    int
	Price int
}

// DB answers queries on a pool of connections: a buffered channel in which each query takes a slot.
type DB struct {
	slots chan struct{}
	delay time.Duration
}

// Open returns a database with that many connections.
func Open(conns int, delay time.Duration) *DB {
	return &DB{slots: make(chan struct{}, conns), delay: delay}
}

// Get waits for a free connection and then for the answer.
func (db *DB) Get(ctx context.Context, id int) Row {
	db.slots <- struct{}{}
	defer func() { <-db.slots }()
	time.Sleep(db.delay)
	return Row{ID: id, Price: id * 100}
}

// connect returns the shop's database. Its pool halves with REGRESSION=pool.
var connect = sync.OnceValue(func() *DB {
	return Open(regress.Pick("pool", 8, 4), 2*time.Millisecond)
})

// loadAll starts a goroutine for each id. It looks as parallel as there are ids, and is as parallel as the pool.
func loadAll(ctx context.Context, ids []int) []Row {
	db := connect()
	out := make([]Row, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Add(1)
		go func(i, id int) {
			defer wg.Done()
			out[i] = db.Get(ctx, id)
		}(i, id)
	}
	wg.Wait()
	return out
}
