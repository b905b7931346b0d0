//go:build unix

package main

import (
	"os"
	"syscall"
)

// become replaces this process, so that signals, the terminal and the exit status are the binary's own. It returns only
// when that failed.
func become(binary string, args []string) (int, error) {
	return 0, syscall.Exec(binary, append([]string{"gotrace-diff"}, args...), os.Environ())
}
