package avatar

import (
	"bytes"
	"image"
	"testing"
)

// Memory is what the header of a file says that it takes.
func Memory(t *testing.T, file []byte) int64 {
	t.Helper()
	c, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	said, err := memory(file, format, c)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// Scans is how many scans a JPEG has.
var Scans = scans

// TakeAllMemory leaves no picture room. It returns a function that gives it back.
func TakeAllMemory(t *testing.T) (giveBack func()) {
	t.Helper()
	if !room.TryAcquire(MaxMemory) {
		t.Fatal("another picture is decoded")
	}
	return func() { room.Release(MaxMemory) }
}
