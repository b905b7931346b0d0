package demo

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime/trace"
	"sync"
	"testing"
	"time"
)

func TestChan(t *testing.T) {
	if got := Pipeline(40, 3); got < 780 {
		t.Fatal(got)
	}
}

func TestMutex(t *testing.T) {
	var c Counter
	var rw sync.RWMutex
	var wg sync.WaitGroup
	for g := 0; g < 4; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < 5; i++ {
				c.Add()
				rw.RLock()
				Hash(50)
				rw.RUnlock()
			}
		}()
	}
	rw.Lock()
	time.Sleep(time.Millisecond)
	rw.Unlock()
	wg.Wait()
}

func TestSelect(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func TestCond(t *testing.T) {
	q := NewQueue()
	done := make(chan int)
	for g := 0; g < 3; g++ {
		go func() { done <- q.Take() }()
	}
	time.Sleep(time.Millisecond)
	for i := 0; i < 3; i++ {
		q.Put(i)
	}
	for i := 0; i < 3; i++ {
		<-done
	}
}

// Goroutines of timers have no creator and no creation stack.
func TestAfterFunc(t *testing.T) {
	done := make(chan bool)
	time.AfterFunc(2*time.Millisecond, func() { done <- true })
	<-done
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { done <- true })
	defer stop()
	<-done
}

func TestSleep(t *testing.T) {
	for i := 0; i < 3; i++ {
		time.Sleep(time.Duration(i+1) * time.Millisecond)
	}
}

func TestNet(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.Copy(c, c)
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	buf := make([]byte, 5)
	for i := 0; i < 5; i++ {
		fmt.Fprint(c, "hello")
		if _, err := io.ReadFull(c, buf); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSyscall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for i := 0; i < 5; i++ {
		if err := os.WriteFile(path, []byte("demo"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSubtests(t *testing.T) {
	for _, name := range []string{"a", "b", "a"} {
		t.Run(name, func(t *testing.T) {
			t.Run("deep", func(t *testing.T) { Hash(500) })
			Hash(100)
		})
	}
	t.Run("skipped", func(t *testing.T) { t.Skip("not today") })
}

func TestParallel(t *testing.T) {
	for i := 1; i <= 4; i++ {
		i := i
		t.Run(fmt.Sprint("p", i), func(t *testing.T) {
			t.Parallel()
			Hash(1000 * i)
			time.Sleep(time.Millisecond)
		})
	}
}

func TestParallelAlone(t *testing.T) {
	t.Parallel()
	time.Sleep(2 * time.Millisecond)
}

// Two goroutines of one test start subtests at once, so that names and runners could be mixed up.
func TestConcurrentRuns(t *testing.T) {
	var wg sync.WaitGroup
	for g := 1; g <= 3; g++ {
		wg.Add(1)
		go func(g int) {
			defer wg.Done()
			t.Run(fmt.Sprint("s", g), func(t *testing.T) { time.Sleep(time.Duration(g) * time.Millisecond) })
		}(g)
	}
	wg.Wait()
}

func TestCPU(t *testing.T) {
	for end := time.Now().Add(150 * time.Millisecond); time.Now().Before(end); {
		Hash(5000)
	}
}

func TestRegions(t *testing.T) {
	ctx, task := trace.NewTask(context.Background(), "request")
	defer task.End()
	trace.WithRegion(ctx, "parse", func() { Hash(100) })
	trace.WithRegion(ctx, "render", func() { Hash(300) })
	trace.Log(ctx, "cache", "miss")
}

func FuzzHash(f *testing.F) {
	f.Add(1)
	f.Add(20)
	f.Fuzz(func(t *testing.T, n int) { Hash(n & 1023) })
}

func ExampleHash() {
	sum := Hash(0)
	fmt.Printf("%x\n", sum[:2])
	// Output: 2a97
}

func BenchmarkHash(b *testing.B) {
	for i := 0; i < b.N; i++ {
		Hash(100)
	}
}

func BenchmarkPipeline(b *testing.B) {
	for i := 0; i < b.N; i++ {
		Pipeline(10, 2)
	}
}

func BenchmarkCounter(b *testing.B) {
	for _, procs := range []int{1, 2} {
		b.Run(fmt.Sprint("x", procs), func(b *testing.B) {
			var c Counter
			b.SetParallelism(procs)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					c.Add()
				}
			})
		})
	}
}

// BenchmarkSelf starts the tracer itself, so that the trace holds the last, full run and no warming up.
func BenchmarkSelf(b *testing.B) {
	if out := os.Getenv("TRACE"); out != "" {
		f, err := os.Create(out)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		if err := trace.Start(f); err != nil {
			b.Fatal(err)
		}
		defer trace.Stop()
	}
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		Pipeline(10, 2)
	}
}
