package media

import "testing"

func TestThumbnails(t *testing.T) {
	if got := len(Thumbnails(500)); got != 500 {
		t.Fatal(got)
	}
}

func BenchmarkThumbnails(b *testing.B) {
	for i := 0; i < b.N; i++ {
		Thumbnails(100)
	}
}

func TestTranscode(t *testing.T) {
	for i := 0; i < 3; i++ {
		Transcode(200_000)
	}
}

func BenchmarkTranscode(b *testing.B) {
	for i := 0; i < b.N; i++ {
		Transcode(200_000)
	}
}
