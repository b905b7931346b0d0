// Package release fetches the binary of one release and trusts it only if it has the checksum that was compiled in.
//
//	manifest (embedded) ── archive's name and SHA-256 ──▶ cache, by that SHA-256 ──▶ binary
//	                                                        │ not there
//	                                                        └──▶ mirror or releases ──▶ compare ──▶ unpack one file
package release

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

//go:embed checksums.txt
var manifest string

// repository is where releases are.
const repository = "https://github.com/OWNER/gotrace-diff"

// most is more bytes than any archive or binary has.
const most = 256 << 20

// Options say where to look.
type Options struct {
	// Manifest is what sha256sum printed of the archives.
	Manifest string
	// Base has a folder vVERSION for each release.
	Base string
	// Cache is the folder where binaries are kept.
	Cache string
	// OS and Arch are Go's names of this machine.
	OS, Arch string
}

// FromEnvironment are the options of this process.
func FromEnvironment() Options {
	base := repository + "/releases/download"
	if mirror := os.Getenv("GOTRACE_DIFF_MIRROR"); mirror != "" {
		base = strings.TrimRight(mirror, "/")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		// A container without a home: the binary is fetched each time.
		cache = os.TempDir()
	}
	return Options{
		Manifest: manifest,
		Base:     base,
		Cache:    filepath.Join(cache, "gotrace-diff"),
		OS:       runtime.GOOS,
		Arch:     runtime.GOARCH,
	}
}

// archive is a line of the manifest.
type archive struct {
	name, version, sum string
}

// Ensure gives the path of the binary, fetched if need be.
func Ensure(o Options) (string, error) {
	a, err := o.find()
	if err != nil {
		return "", err
	}
	name := "gotrace-diff"
	if o.OS == "windows" {
		name += ".exe"
	}
	folder := filepath.Join(o.Cache, a.version, a.sum)
	binary := filepath.Join(folder, name)
	if info, err := os.Stat(binary); err == nil && info.Mode().IsRegular() {
		return binary, nil
	}
	address := o.Base + "/v" + a.version + "/" + a.name
	packed, err := fetch(address)
	if err != nil {
		return "", fmt.Errorf("%w\n  set GOTRACE_DIFF_MIRROR to where archives can be had, or GOTRACE_DIFF_BINARY to a binary", err)
	}
	if got := sha256.Sum256(packed); hex.EncodeToString(got[:]) != a.sum {
		return "", fmt.Errorf("%s has the SHA-256 %x and not %s: nothing of it was run", address, got, a.sum)
	}
	content, err := unpack(a.name, name, packed)
	if err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	return binary, place(folder, binary, content)
}

// find gives the archive for this machine.
func (o Options) find() (archive, error) {
	cpu, ok := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[o.Arch]
	system, known := map[string]string{
		"linux":   "unknown-linux-musl.tar.gz",
		"darwin":  "apple-darwin.tar.gz",
		"windows": "pc-windows-msvc.zip",
	}[o.OS]
	if !ok || !known {
		return archive{}, fmt.Errorf("there is no binary for %s/%s: build it with cargo install gotrace-diff and set GOTRACE_DIFF_BINARY", o.OS, o.Arch)
	}
	end := "-" + cpu + "-" + system
	for _, line := range strings.Split(o.Manifest, "\n") {
		fields := strings.Fields(line)
		if len(fields) != 2 || strings.HasPrefix(line, "#") {
			continue
		}
		sum, name := fields[0], strings.TrimPrefix(fields[1], "*")
		version, ours := strings.CutPrefix(name, "gotrace-diff-v")
		version, here := strings.CutSuffix(version, end)
		if digits, err := hex.DecodeString(sum); err != nil || len(digits) != sha256.Size || !ours || !here {
			continue
		}
		if strings.ContainsAny(version, `/\`) || version == "" || version == ".." {
			continue
		}
		return archive{name: name, version: version, sum: strings.ToLower(sum)}, nil
	}
	return archive{}, errors.New("this version of the module belongs to no release: name one, as in @v0.1.0, or set GOTRACE_DIFF_BINARY")
}

// fetch reads all of a file. Proxies are those of the environment.
func fetch(address string) ([]byte, error) {
	client := http.Client{Timeout: 10 * time.Minute}
	var last error
	for attempt := 0; attempt < 3; attempt++ {
		if attempt > 0 {
			time.Sleep(time.Duration(attempt) * time.Second)
		}
		response, err := client.Get(address)
		if err != nil {
			last = err
			continue
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, most+1))
		response.Body.Close()
		switch {
		case response.StatusCode >= 500:
			last = fmt.Errorf("%s: %s", address, response.Status)
		case response.StatusCode != http.StatusOK:
			return nil, fmt.Errorf("%s: %s", address, response.Status)
		case len(body) > most:
			return nil, fmt.Errorf("%s: larger than any release", address)
		case err != nil:
			last = fmt.Errorf("%s: %w", address, err)
		default:
			return body, nil
		}
	}
	return nil, last
}

// unpack gives the one file of an archive that is the binary.
func unpack(name, binary string, packed []byte) ([]byte, error) {
	folder := strings.TrimSuffix(strings.TrimSuffix(name, ".zip"), ".tar.gz")
	want := folder + "/" + binary
	read := func(r io.Reader) ([]byte, error) {
		content, err := io.ReadAll(io.LimitReader(r, most+1))
		if err == nil && len(content) > most {
			err = errors.New("larger than any release")
		}
		return content, err
	}
	if strings.HasSuffix(name, ".zip") {
		files, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
		if err != nil {
			return nil, err
		}
		for _, file := range files.File {
			if file.Name == want {
				r, err := file.Open()
				if err != nil {
					return nil, err
				}
				defer r.Close()
				return read(r)
			}
		}
		return nil, fmt.Errorf("has no %s", want)
	}
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	files := tar.NewReader(plain)
	for {
		header, err := files.Next()
		if err == io.EOF {
			return nil, fmt.Errorf("has no %s", want)
		}
		if err != nil {
			return nil, err
		}
		if header.Name == want && header.Typeflag == tar.TypeReg {
			return read(files)
		}
	}
}

// place writes the binary whole or not at all: another process may do the same at this moment.
func place(folder, binary string, content []byte) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, "part-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(0o755), file.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(file.Name(), binary); err != nil {
		// Windows lets nobody rename onto what runs; whoever was faster has placed the same bytes.
		if _, there := os.Stat(binary); there != nil {
			return err
		}
	}
	return nil
}
