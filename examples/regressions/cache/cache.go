// Package cache keeps rendered pages behind a lock.
package cache

import (
	"sync"

	"example.com/shop/internal/busy"
	"example.com/shop/internal/regress"
)

// Cache maps a page to what was rendered for it.
type Cache struct {
	mu    sync.Mutex
	pages map[int][32]byte
}

// New returns an empty cache.
func New() *Cache { return &Cache{pages: map[int][32]byte{}} }

// Page returns a page, rendering it if need be.
//
// Rendering happens outside the lock. With REGRESSION=lock it moved inside: no more work is done than before,
// but one at a time.
func (c *Cache) Page(id int) [32]byte {
	if regress.On("lock") {
		c.mu.Lock()
		defer c.mu.Unlock()
		page, ok := c.pages[id]
		if !ok {
			page = render()
			c.pages[id] = page
		}
		return page
	}
	c.mu.Lock()
	page, ok := c.pages[id]
	c.mu.Unlock()
	if ok {
		return page
	}
	page = render()
	c.mu.Lock()
	c.pages[id] = page
	c.mu.Unlock()
	return page
}

func render() [32]byte { return busy.Work(2000) }
