package notify

import (
	"testing"
	"time"
)

func TestSendAll(t *testing.T) {
	const limit = 10 * time.Millisecond
	if sent := SendAll(20, limit); sent == 0 || sent > 10 {
		t.Fatal(sent)
	}
	time.Sleep(limit) // for the last answer that came too late
}

func BenchmarkSendAll(b *testing.B) {
	for i := 0; i < b.N; i++ {
		SendAll(2, 2*time.Millisecond)
	}
}
