// Package orders reads orders through database/sql, whose pool blocks inside the library.
package orders

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"example.com/shop/internal/regress"
)

// Connect returns the shop's database. Its pool halves with REGRESSION=sqlpool.
var Connect = sync.OnceValue(func() *sql.DB {
	return Open(time.Millisecond, regress.Pick("sqlpool", 8, 4))
})

// Find returns the orders with these ids, one query each, all at once.
func Find(ctx context.Context, db *sql.DB, ids []int64) ([]int64, error) {
	out, errs := make([]int64, len(ids)), make([]error, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Add(1)
		go func(i int, id int64) {
			defer wg.Done()
			errs[i] = db.QueryRowContext(ctx, "select id from orders where id = ?", id).Scan(&out[i])
		}(i, id)
	}
	wg.Wait()
	return out, errors.Join(errs...)
}
