//go:build !unix

package main

import (
	"errors"
	"os"
	"os/exec"
)

// become runs the binary and gives its exit status: here a process cannot be replaced.
func become(binary string, args []string) (int, error) {
	command := exec.Command(binary, args...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
