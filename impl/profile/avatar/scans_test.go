package avatar_test

import (
	"bytes"
	"errors"
	"image"
	"testing"

	"onestroke/impl/profile/avatar"
)

// ofScans is a gray progressive JPEG: after the first scan, each is one run that ends all
// blocks at once.
func ofScans(side, scans int) []byte {
	file := flat(side, 0xc2, []byte{0x11})
	file = file[:len(file)-2]
	run := append([]byte{0xff, 0xc4, 0, 20, 0x10, 1}, make([]byte, 15)...)
	file = append(file, append(run, 0xe0)...) // its one code means: so many blocks as 14 bits say end
	for i := range scans - 1 {
		file = append(file, 0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0)
		file = append(file, 0x7f, 0xff, 0x00)
		if i%2 == 0 {
			file = append(file, 0xff) // before a marker, it fills
		}
	}
	return append(file, 0xff, 0xd9)
}

func TestAJPEGHasFewScans(t *testing.T) {
	for _, c := range []struct {
		scans int
		want  error
	}{{1, nil}, {avatar.MaxScans, nil}, {avatar.MaxScans + 1, avatar.ErrScans}, {20_000, avatar.ErrScans}} {
		file := ofScans(64, c.scans)
		if _, err := avatar.New(t.Context(), file); !errors.Is(err, c.want) {
			t.Errorf("%d scans in %d bytes: %v", c.scans, len(file), err)
		}
	}
}

func TestScansAreCountedAsTheyAreRead(t *testing.T) {
	photo := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range photo.Pix {
		photo.Pix[i] = byte(i * i >> 3) // its scan has the byte 0xff
	}
	sos := []byte{0xff, 0xda, 0, 2}
	plain := asJPEG(t, photo)
	for name, c := range map[string]struct {
		file []byte
		want int
	}{
		"a photo":                    {plain, 1},
		"no picture":                 {[]byte{0xff, 0xd8, 0xff, 0xd9}, 0},
		"a marker in a comment":      {append([]byte{0xff, 0xd8, 0xff, 0xfe, 0, 6, 0xff, 0xda, 0, 2}, plain[2:]...), 1},
		"another file behind it":     {append(bytes.Clone(plain), plain...), 1},
		"after 0xff and a restart":   {[]byte{0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 0xff, 0, 2, 0xff, 0xd0, 3, 0xff, 0xda, 0, 2, 0}, 2},
		"a length that is none":      {append([]byte{0xff, 0xd8, 0xff, 0xfe, 0, 0}, sos...), 1},
		"a length beyond the end":    {append([]byte{0xff, 0xd8, 0xff, 0xfe, 0xff, 0xff}, sos...), 0},
		"0xff before and at the end": {append([]byte{0xff, 0xd8, 0, 0xff}, append(sos, 0xff, 0xff, 0xff)...), 1},
		"the end before its length":  {[]byte{0xff, 0xd8, 0xff, 0xda, 0}, 0},
		"only what begins a JPEG":    {[]byte{0xff, 0xd8}, 0},
	} {
		if got := avatar.Scans(c.file); got != c.want {
			t.Errorf("%s: %d scans, not %d", name, got, c.want)
		}
	}
}
