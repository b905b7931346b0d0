package payment

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
)

func TestCharge(t *testing.T) {
	bank := httptest.NewServer(Bank())
	defer bank.Close()
	for i := 0; i < 25; i++ {
		if err := Charge(context.Background(), bank.Client(), bank.URL); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkCharge(b *testing.B) {
	bank := httptest.NewServer(Bank())
	defer bank.Close()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if err := Charge(context.Background(), bank.Client(), bank.URL); err != nil {
			b.Fatal(err)
		}
	}
}

// busyTwice fails twice and succeeds then.
func busyTwice() func() error {
	calls := 0
	return func() error {
		if calls++; calls <= 2 {
			return errors.New("busy")
		}
		return nil
	}
}

func TestRetry(t *testing.T) {
	for i := 0; i < 5; i++ {
		if err := Retry(3, busyTwice()); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkRetry(b *testing.B) {
	for i := 0; i < b.N; i++ {
		if err := Retry(3, busyTwice()); err != nil {
			b.Fatal(err)
		}
	}
}
