// Package regress switches one of this module's performance regressions on: REGRESSION=pool go test ./...
//
// Only this package looks at the environment. The code of the shop asks On or Pick where it would
// otherwise be the commit that made things worse.
package regress

import (
	"os"
	"sync"
)

// Names are the regressions there are, in the order of the README.
var Names = []string{
	"pool", "sqlpool", "lock", "region", "regionshift", "region15", "alloc",
	"peer", "unbuffered", "perjob", "leak", "oversub", "sleep",
}

// current is read when it is first asked for, not when the program starts: what is read before the tests begin,
// `go test` does not see, and would answer the next REGRESSION from its cache. So: no On or Pick in a package variable.
var current = sync.OnceValue(load)

func load() string {
	name := os.Getenv("REGRESSION")
	if name == "" {
		return ""
	}
	for _, n := range Names {
		if n == name {
			return name
		}
	}
	panic("REGRESSION=" + name + " is none of this module's regressions") // rather than a test of nothing
}

// On reports whether the named regression is switched on.
func On(name string) bool { return current() == name }

// Pick returns bad if the named regression is switched on, good otherwise.
func Pick[T any](name string, good, bad T) T {
	if On(name) {
		return bad
	}
	return good
}
