// Package notify sends mail with a time limit.
package notify

import (
	"context"
	"time"

	"example.com/shop/internal/regress"
)

// Send waits for the mail server's answer or for the context's end, whichever is first.
//
// The answer comes from another goroutine. A buffer of one lets it go even when nobody waits any more; with
// REGRESSION=leak the buffer is missing, and the goroutine of each mail that timed out stays for ever.
func Send(ctx context.Context, server func() error) error {
	answer := make(chan error, regress.Pick("leak", 1, 0))
	go func() { answer <- server() }()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// SendAll sends n mails to a server that is too slow for every second one, and says how many went through.
func SendAll(n int, limit time.Duration) (sent int) {
	for i := 0; i < n; i++ {
		delay := limit / 10
		if i%2 == 1 {
			delay = limit + limit/2
		}
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		if Send(ctx, func() error { time.Sleep(delay); return nil }) == nil {
			sent++
		}
		cancel()
	}
	return sent
}
