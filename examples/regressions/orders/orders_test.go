package orders

import (
	"context"
	"testing"
)

func ids(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i + 1)
	}
	return out
}

func TestFind(t *testing.T) {
	got, err := Find(context.Background(), Connect(), ids(160))
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range got {
		if id != int64(i+1) {
			t.Fatalf("order %d is %d", i, id)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	all := ids(160)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if _, err := Find(context.Background(), Connect(), all); err != nil {
			b.Fatal(err)
		}
	}
}
