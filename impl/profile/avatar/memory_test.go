package avatar_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"runtime"
	"testing"

	"onestroke/impl/profile/avatar"
)

// flat is a JPEG of one color whose file is small. The components have these sampling
// factors; kind is 0xc0 for a baseline picture, 0xc2 for a progressive one.
func flat(side int, kind byte, sampling []byte, more ...[]byte) []byte {
	file := []byte{0xff, 0xd8}
	segment := func(marker byte, data []byte) {
		file = append(file, 0xff, marker)
		file = append(binary.BigEndian.AppendUint16(file, uint16(len(data)+2)), data...)
	}
	for _, m := range more {
		segment(m[0], m[1:])
	}
	segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{16}, 64)...))
	frame := []byte{8, byte(side >> 8), byte(side), byte(side >> 8), byte(side), byte(len(sampling))}
	scan := []byte{byte(len(sampling))}
	for i, s := range sampling {
		frame = append(frame, byte(i+1), s, 0)
		scan = append(scan, byte(i+1), 0)
	}
	segment(kind, frame)
	one := append([]byte{1}, make([]byte, 16)...) // one code of one bit, for 0: nothing changes, or the block ends
	segment(0xc4, append([]byte{0x00}, one...))
	last := byte(63)
	if kind == 0xc2 {
		last = 0
	}
	segment(0xc4, append([]byte{0x10}, one...))
	segment(0xda, append(scan, 0, last, 0))
	return append(append(file, make([]byte, side*side/8)...), 0xff, 0xd9)
}

// interlaced marks a PNG as interlaced. Its passes are read from what follows.
func interlaced(file []byte) []byte {
	file = bytes.Clone(file)
	file[28] = 1
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

func TestAPictureTakesNoMoreMemoryThanItsHeaderSays(t *testing.T) {
	const side = 1600
	adobe := append([]byte{0xee}, "Adobe\x00\x64\x00\x00\x00\x00\x00"...)
	webp, err := base64.StdEncoding.DecodeString("UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA=")
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"JPEG": flat(side, 0xc0, []byte{0x22, 0x11, 0x11}), "JPEG, 4:4:4": flat(side, 0xc0, []byte{0x11, 0x11, 0x11}),
		"progressive": flat(side, 0xc2, []byte{0x22, 0x11, 0x11}), "progressive, 4:4:4": flat(side, 0xc2, []byte{0x11, 0x11, 0x11}),
		"4:1:1": flat(side, 0xc0, []byte{0x41, 0x11, 0x11}), "progressive, 4:1:0": flat(side, 0xc2, []byte{0x42, 0x11, 0x11}),
		"RGB, said late": bytes.Replace(flat(side, 0xc0, []byte{0x11, 0x11, 0x11}), []byte{0xff, 0xda}, append(append([]byte{0xff, 0xff, 0xee, 0, 14}, adobe[1:]...), 0xff, 0xda), 1),
		"gray":           flat(side, 0xc2, []byte{0x11}), "RGB": flat(side, 0xc0, []byte{0x11, 0x11, 0x11}, adobe),
		"CMYK": flat(side, 0xc0, []byte{0x11, 0x11, 0x11, 0x11}, adobe), "progressive CMYK": flat(side, 0xc2, []byte{0x11, 0x11, 0x11, 0x11}, adobe),
		"PNG": asPNG(t, image.NewNRGBA(image.Rect(0, 0, side, side))), "PNG, 16 bits": asPNG(t, image.NewNRGBA64(image.Rect(0, 0, side, side))),
		"interlaced PNG": interlaced(asPNG(t, image.NewNRGBA64(image.Rect(0, 0, side, side)))), "WebP": webp,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := avatar.New(t.Context(), file)
		runtime.ReadMemStats(&after)
		if err != nil && !errors.Is(err, avatar.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		used, said := after.TotalAlloc-before.TotalAlloc, uint64(avatar.Memory(t, file))
		t.Logf("%-20s %5.1f MB used, %5.1f MB said, %v", name, float64(used)/(1<<20), float64(said)/(1<<20), err)
		if used > said {
			t.Errorf("%s: takes %d bytes of memory, said %d", name, used, said)
		}
	}
}

// Each of them is less than 1 MiB and unpacks to more than a quarter of a gigabyte.
func TestASmallFileThatTakesMuchMemoryIsRefusedByItsHeader(t *testing.T) {
	for name, file := range map[string][]byte{
		"a progressive JPEG":              flat(avatar.MaxSide, 0xc2, []byte{0x11, 0x11, 0x11}),
		"one with bytes between segments": bytes.Replace(flat(avatar.MaxSide, 0xc2, []byte{0x11}), []byte{0xff, 0xdb}, []byte{0xff, 0xff, 0xdb}, 1),
		"a PNG with 16 bits":              asPNG(t, image.NewNRGBA64(image.Rect(0, 0, avatar.MaxSide, avatar.MaxSide))),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := avatar.New(t.Context(), file)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, avatar.ErrMemory) || used > 1<<20 {
			t.Errorf("%s of %d bytes: %v, took %d bytes of memory", name, len(file), err, used)
		}
	}
}

func TestAPictureWaitsForMemoryNoLongerThanItsRequest(t *testing.T) {
	defer avatar.TakeAllMemory(t)()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := avatar.New(ctx, asPNG(t, halves(9, 9))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
