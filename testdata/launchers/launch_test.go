// Package launch starts goroutines as most code does since Go 1.25: with WaitGroup.Go, and with an errgroup.
package launch

import (
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

var mu sync.Mutex

// update is what all of them do: their stacks are the same, whoever had them launched.
func update() {
	mu.Lock()
	defer mu.Unlock()
	time.Sleep(time.Millisecond)
}

func fetch() error {
	var g errgroup.Group
	for range 5 {
		g.Go(func() error { update(); return nil })
	}
	g.TryGo(func() error { update(); return nil })
	return g.Wait()
}

func TestFetch(t *testing.T) {
	if err := fetch(); err != nil {
		t.Fatal(err)
	}
}

func TestStore(t *testing.T) {
	for _, name := range []string{"a", "b"} {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(update)
			}
			wg.Wait()
		})
	}
}

// Those who do nothing never stop anywhere: no stack shows what they were given.
func TestNested(t *testing.T) {
	var wg sync.WaitGroup
	wg.Go(func() {
		wg.Go(update)
		for range 20 {
			wg.Go(func() {})
		}
	})
	wg.Wait()
}
