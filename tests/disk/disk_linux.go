// Package disk gives tests a disk that is soon full.
package disk

import (
	"fmt"
	"syscall"
	"testing"
)

// Small mounts a disk of so many bytes at a folder until the test ends. Where that is
// not allowed, the test is skipped.
func Small(t *testing.T, dir string, size int) {
	t.Helper()
	if err := syscall.Mount("onestroke", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skip("a small disk can be mounted by root only:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}
