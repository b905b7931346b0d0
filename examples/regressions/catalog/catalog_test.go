package catalog

import (
	"context"
	"testing"
)

func ids(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

func TestLoadAll(t *testing.T) {
	rows := loadAll(context.Background(), ids(400))
	for i, row := range rows {
		if row.ID != i+1 {
			t.Fatalf("row %d is %v", i, row)
		}
	}
}

// go test -bench=BenchmarkLoadAll -benchtime=2s -trace=trace.out
func BenchmarkLoadAll(b *testing.B) {
	all := ids(400)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		loadAll(context.Background(), all)
	}
}
