// An HTTP service on loopback that is busy; its trace is fetched from /debug/pprof/trace and so starts in mid-execution.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime/trace"
	"time"

	"example.com/workloads/internal/rec"
)

func handle(w http.ResponseWriter, r *http.Request) {
	ctx, task := trace.NewTask(r.Context(), "request")
	defer task.End()
	trace.WithRegion(ctx, "parse", func() { r.ParseForm() })
	trace.WithRegion(ctx, "db", func() { time.Sleep(time.Millisecond) })
	trace.WithRegion(ctx, "render", func() { fmt.Fprintln(w, "hello", r.Form.Get("name")) })
}

func get(ctx context.Context, url string, to io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(to, resp.Body)
	return err
}

func main() {
	out, err := os.Create(rec.Path())
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/hello", handle)
	go http.Serve(l, nil)
	base := "http://" + l.Addr().String()

	ctx, cancel := context.WithCancel(context.Background())
	for c := 0; c < 3; c++ {
		go func() {
			for get(ctx, base+"/hello?name=gopher", io.Discard) == nil {
				time.Sleep(5 * time.Millisecond)
			}
		}()
	}
	time.Sleep(20 * time.Millisecond)
	if err := get(context.Background(), base+"/debug/pprof/trace?seconds=0.12", out); err != nil {
		log.Fatal(err)
	}
	cancel()
	if err := out.Close(); err != nil {
		log.Fatal(err)
	}
}
