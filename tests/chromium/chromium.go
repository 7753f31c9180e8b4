// Package chromium finds the browser for tests.
package chromium

import (
	"os"
	"os/exec"
	"testing"
)

// Path returns the path of Chromium on this machine. Without Chromium it skips the
// test, or fails it if TEST_CHROMIUM=required, which CI sets.
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
