// Gotrace-diff compares Go execution traces and fails the build when one got slower.
//
// This program is a door: it fetches the release binary of its own version, sees that it has the checksum that was
// compiled in, keeps it in the user's cache and becomes it. So it can be a tool of a Go module:
//
//	go run github.com/OWNER/gotrace-diff/go/cmd/gotrace-diff@latest base.out head.out
//	go get -tool github.com/OWNER/gotrace-diff/go/cmd/gotrace-diff
//	go tool gotrace-diff run ./...
//
// Environment:
//
//	GOTRACE_DIFF_MIRROR   where archives are instead of the releases: $GOTRACE_DIFF_MIRROR/vVERSION/ARCHIVE
//	GOTRACE_DIFF_BINARY   a gotrace-diff that is here already, which is run as it is
package main

import (
	"fmt"
	"os"

	"github.com/OWNER/gotrace-diff/go/internal/release"
)

// cannot is gotrace-diff's own exit status for a job that could not be done.
const cannot = 2

func main() {
	binary := os.Getenv("GOTRACE_DIFF_BINARY")
	if binary == "" {
		var err error
		binary, err = release.Ensure(release.FromEnvironment())
		if err != nil {
			fmt.Fprintf(os.Stderr, "gotrace-diff: %v\n", err)
			os.Exit(cannot)
		}
	}
	status, err := become(binary, os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "gotrace-diff: %s: %v\n", binary, err)
		os.Exit(cannot)
	}
	os.Exit(status)
}
