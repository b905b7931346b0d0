//go:build go1.23

package listing

import (
	"slices"
	"testing"
)

func TestMerge(t *testing.T) {
	got := slices.Collect(Merge(Shelf(0, 3, 50), Merge(Shelf(1, 3, 40), Shelf(2, 3, 60))))
	if len(got) != 150 || !slices.IsSorted(got) {
		t.Fatal(got)
	}
}

func TestMergeStops(t *testing.T) {
	for x := range Merge(Shelf(0, 1, 1000), Shelf(0, 1, 1000)) {
		if x == 10 {
			break // ends the coroutine with it
		}
	}
}

func BenchmarkMerge(b *testing.B) {
	for i := 0; i < b.N; i++ {
		for range Merge(Shelf(0, 2, 100), Shelf(1, 2, 100)) {
		}
	}
}
