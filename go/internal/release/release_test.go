package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const name = "gotrace-diff-v0.1.0-x86_64-unknown-linux-musl"

// packed is an archive that holds these files.
func packed(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for path, text := range files {
		header := tar.Header{Name: path, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	archive.Close()
	zipped.Close()
	return out.Bytes()
}

// mirror serves one archive, and counts who asks.
func mirror(t *testing.T, archive []byte) (Options, *int) {
	t.Helper()
	asked := new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked++
		if r.URL.Path != "/v0.1.0/"+name+".tar.gz" {
			http.NotFound(w, r)
			return
		}
		w.Write(archive)
	}))
	t.Cleanup(server.Close)
	return Options{
		Manifest: fmt.Sprintf("# notes\n%x  %s.tar.gz\n", sha256.Sum256(archive), name),
		Base:     server.URL,
		Cache:    t.TempDir(),
		OS:       "linux",
		Arch:     "amd64",
	}, asked
}

func TestABinaryIsFetchedOnce(t *testing.T) {
	o, asked := mirror(t, packed(t, map[string]string{name + "/gotrace-diff": "#!/bin/sh\n", name + "/README.md": "x"}))
	for range 2 {
		binary, err := Ensure(o)
		if err != nil {
			t.Fatal(err)
		}
		if content, _ := os.ReadFile(binary); string(content) != "#!/bin/sh\n" {
			t.Fatalf("%s holds %q", binary, content)
		}
	}
	if *asked != 1 {
		t.Fatalf("fetched %d times", *asked)
	}
}

func TestNothingIsKeptThatHasAnotherChecksum(t *testing.T) {
	o, _ := mirror(t, packed(t, map[string]string{name + "/gotrace-diff": "evil"}))
	o.Manifest = fmt.Sprintf("%x  %s.tar.gz\n", sha256.Sum256([]byte("good")), name)
	_, err := Ensure(o)
	if err == nil || !strings.Contains(err.Error(), "nothing of it was run") {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(o.Cache, "*")); len(left) > 0 {
		t.Fatalf("left behind: %v", left)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	good, _ := mirror(t, packed(t, map[string]string{"elsewhere/gotrace-diff": "x"}))
	for want, change := range map[string]func(*Options){
		"has no " + name + "/gotrace-diff": func(*Options) {},
		"no binary for plan9/amd64":        func(o *Options) { o.OS = "plan9" },
		"no binary for linux/riscv64":      func(o *Options) { o.Arch = "riscv64" },
		"belongs to no release":            func(o *Options) { o.Manifest = "# none yet\n" },
		"404 Not Found":                    func(o *Options) { o.Base += "/elsewhere" },
		"GOTRACE_DIFF_MIRROR":              func(o *Options) { o.Base += "/elsewhere" },
	} {
		o := good
		change(&o)
		if _, err := Ensure(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestTheCommandPassesArgumentsAndExitStatus(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the binary here is a shell script")
	}
	script := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"$1|$2\"\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	door := filepath.Join(t.TempDir(), "gotrace-diff")
	if out, err := exec.Command("go", "build", "-o", door, "../../cmd/gotrace-diff").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	command := exec.Command(door, "a b", "$(c)")
	command.Env = append(os.Environ(), "GOTRACE_DIFF_BINARY="+script)
	out, err := command.Output()
	if string(out) != "a b|$(c)\n" || command.ProcessState.ExitCode() != 3 {
		t.Fatalf("%q, %v", out, err)
	}
	// Without a release of its own it says so, with the status that means that the job could not be done.
	command = exec.Command(door, "--version")
	command.Env = append(os.Environ(), "GOTRACE_DIFF_MIRROR=http://127.0.0.1:1", "XDG_CACHE_HOME="+t.TempDir())
	said, _ := command.CombinedOutput()
	if command.ProcessState.ExitCode() != 2 || !strings.Contains(string(said), "gotrace-diff: ") {
		t.Fatalf("%d: %s", command.ProcessState.ExitCode(), said)
	}
}
