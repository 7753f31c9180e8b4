// Package chromium finds the browser that tests look with.
package chromium

import (
	"os"
	"os/exec"
	"testing"
)

// Path returns the Chromium of this machine. A machine that has only Go passes
// the tests as well: one that needs a browser is skipped there, and nowhere
// else. TEST_CHROMIUM=required, which CI sets, makes it a failure.
func Path(t testing.TB) string {
	t.Helper()
	program, err := exec.LookPath("chromium")
	switch {
	case err == nil:
		return program
	case os.Getenv("TEST_CHROMIUM") == "required":
		t.Fatal(err)
	default:
		t.Skip("no chromium on this machine: what a browser shows was not looked at")
	}
	return ""
}
