// Package busy is CPU work of a fixed size: the same number of instructions on every machine and in every run,
// where a loop until some time has passed would hide what it costs.
package busy

import "crypto/sha256"

// Work hashes n times. A thousand take a few hundred microseconds.
func Work(n int) (sum [32]byte) {
	for i := 0; i < n; i++ {
		sum = sha256.Sum256(sum[:])
	}
	return sum
}
