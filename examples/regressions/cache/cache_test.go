package cache

import (
	"sync"
	"testing"
)

// eight goroutines ask for pages of their own: nobody waits unless the lock makes them.
func eight(c *Cache, pages int) {
	var wg sync.WaitGroup
	for g := 0; g < 8; g++ {
		wg.Add(1)
		go func(g int) {
			defer wg.Done()
			for p := 0; p < pages; p++ {
				c.Page(g*pages + p)
			}
		}(g)
	}
	wg.Wait()
}

func TestPage(t *testing.T) {
	c := New()
	eight(c, 20)
	if len(c.pages) != 160 {
		t.Fatal(len(c.pages))
	}
}

func BenchmarkPage(b *testing.B) {
	for i := 0; i < b.N; i++ {
		eight(New(), 5)
	}
}
