package checkout

import (
	"context"
	"testing"

	"example.com/shop/internal/tracing"
)

func TestHandle(t *testing.T) {
	for id := 1; id <= 40; id++ {
		Handle(context.Background(), id)
	}
}

func BenchmarkHandle(b *testing.B) {
	for i := 0; i < b.N; i++ {
		Handle(context.Background(), i)
	}
}

// BenchmarkCheckout starts the tracer itself: TRACE=trace.out go test -run='^$' -bench=BenchmarkCheckout ./checkout
func BenchmarkCheckout(b *testing.B) {
	tracing.Benchmark(b)
	for i := 0; i < b.N; i++ {
		Handle(context.Background(), i)
	}
}
