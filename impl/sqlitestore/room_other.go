//go:build !linux && !darwin

package sqlitestore

// freeBytes does not know: a write fails when the disk is full.
func freeBytes(string) (free uint64, known bool) { return 0, false }
