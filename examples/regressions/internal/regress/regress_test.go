package regress

import "testing"

func TestLoad(t *testing.T) {
	t.Setenv("REGRESSION", "")
	if got := load(); got != "" {
		t.Errorf("none: %q", got)
	}
	t.Setenv("REGRESSION", "pool")
	if got := load(); got != "pool" {
		t.Errorf("pool: %q", got)
	}
	t.Setenv("REGRESSION", "poool")
	defer func() {
		if recover() == nil {
			t.Error("a misspelt name is accepted")
		}
	}()
	load()
}
