package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBuild(t *testing.T) {
	if got := strings.Count(Build(3000), "\n"); got != 3000 {
		t.Fatal(got)
	}
}

func BenchmarkBuild(b *testing.B) {
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		Build(1000)
	}
}

func write(tb testing.TB, path string, sales int) {
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	if err := Write(f, sales); err != nil {
		tb.Fatal(err)
	}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report")
	write(t, path, 2000)
	if text, err := os.ReadFile(path); err != nil || string(text) != Build(2000) {
		t.Fatal("not what was written", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	path := filepath.Join(b.TempDir(), "report")
	for i := 0; i < b.N; i++ {
		write(b, path, 1000)
	}
}
