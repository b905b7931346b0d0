// Package payment charges a card with a bank over HTTP, and tries again when the bank is busy.
package payment

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"example.com/shop/internal/regress"
)

// Bank returns a bank that takes its time to answer: 1 ms, or 4 with REGRESSION=peer.
func Bank() http.Handler {
	delay := regress.Pick("peer", time.Millisecond, 4*time.Millisecond)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(delay)
		io.WriteString(w, "paid")
	})
}

// Charge asks the bank at url for one payment.
func Charge(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

// Retry calls f until it succeeds, at most attempts times, and sleeps in between: five times as long with
// REGRESSION=sleep.
func Retry(attempts int, f func() error) error {
	pause := regress.Pick("sleep", 2*time.Millisecond, 10*time.Millisecond)
	err := f()
	for i := 1; i < attempts && err != nil; i++ {
		time.Sleep(pause)
		err = f()
	}
	return err
}
