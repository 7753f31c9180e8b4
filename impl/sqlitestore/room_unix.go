//go:build linux || darwin

package sqlitestore

import "syscall"

// freeBytes returns how many bytes may be written to the file system of a folder.
func freeBytes(dir string) (free uint64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
