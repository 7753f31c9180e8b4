package avatar_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"slices"
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

// blackPNG is a PNG of one color, of which it says that it is transparent if it can.
func blackPNG(side int, depth, kind byte, interlaced bool) []byte {
	file := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(name string, data []byte) {
		file = binary.BigEndian.AppendUint32(file, uint32(len(data)))
		at := len(file)
		file = append(append(file, name...), data...)
		file = binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(file[at:]))
	}
	bits := int(depth) * map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
	passes := [][2]int{{side, side}}
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(side)), uint32(side))
	if interlaced { // side is a multiple of 8
		eighth := side / 8
		passes = [][2]int{{eighth, eighth}, {eighth, eighth}, {2 * eighth, eighth}, {2 * eighth, 2 * eighth}, {4 * eighth, 2 * eighth}, {4 * eighth, 4 * eighth}, {side, 4 * eighth}}
		chunk("IHDR", append(size, depth, kind, 0, 0, 1))
	} else {
		chunk("IHDR", append(size, depth, kind, 0, 0, 0))
	}
	switch kind {
	case 0:
		chunk("tRNS", make([]byte, 2))
	case 2:
		chunk("tRNS", make([]byte, 6))
	case 3:
		chunk("PLTE", make([]byte, 3))
		chunk("tRNS", make([]byte, 1))
	}
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	for _, pass := range passes {
		if _, err := z.Write(make([]byte, (1+(pass[0]*bits+7)/8)*pass[1])); err != nil {
			panic(err)
		}
	}
	z.Close()
	chunk("IDAT", data.Bytes())
	chunk("IEND", nil)
	return file
}

// sized changes how wide and high a PNG says it is.
func sized(file []byte, side int) []byte {
	header := file[12:29] // a chunk of its own: name and content
	binary.BigEndian.PutUint32(header[4:], uint32(side))
	binary.BigEndian.PutUint32(header[8:], uint32(side))
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(header))
	return file
}

func TestTheProgramThatWroteAPhotoMakesItNoLarger(t *testing.T) {
	samples := []byte{0x22, 0x11, 0x11}
	plain := flat(64, 0xc2, samples)
	xmp := flat(64, 0xc2, samples, append([]byte{0xe1}, "http://ns.adobe.com/xap/1.0/\x00<xmpmeta xmptk='Adobe XMP Core'>"...))
	if got, want := avatar.Memory(t, xmp), avatar.Memory(t, plain); got-want > int64(len(xmp)-len(plain)) {
		t.Errorf("%d bytes of memory with XMP, %d without", got, want)
	}
}

func TestAPictureTakesNoMoreMemoryThanItsHeaderSays(t *testing.T) {
	const side = 640
	adobe := append([]byte{0xee}, "Adobe\x00\x64\x00\x00\x00\x00\x00"...)
	lossy, err := base64.StdEncoding.DecodeString(pixel)
	if err != nil {
		t.Fatal(err)
	}
	many := grouped(1000, 128)
	const most = 1<<24 - 1 // bytes
	long := bytes.Clone(lossy)
	binary.LittleEndian.PutUint32(long[4:], most)
	binary.LittleEndian.PutUint32(long[16:], most-12)
	files := map[string][]byte{
		"JPEG": flat(side, 0xc0, []byte{0x22, 0x11, 0x11}), "JPEG, 4:4:4": flat(side, 0xc0, []byte{0x11, 0x11, 0x11}),
		"progressive": flat(side, 0xc2, []byte{0x22, 0x11, 0x11}), "progressive, 4:4:4": flat(side, 0xc2, []byte{0x11, 0x11, 0x11}),
		"4:1:1": flat(side, 0xc0, []byte{0x41, 0x11, 0x11}), "progressive, 4:1:0": flat(side, 0xc2, []byte{0x42, 0x11, 0x11}),
		"gray": flat(side, 0xc2, []byte{0x11}), "RGB": flat(side, 0xc0, []byte{0x11, 0x11, 0x11}, adobe),
		"CMYK": flat(side, 0xc0, []byte{0x11, 0x11, 0x11, 0x11}, adobe), "progressive CMYK": flat(side, 0xc2, []byte{0x11, 0x11, 0x11, 0x11}, adobe),
		"WebP": lossy, "WebP that says that it is 16 MB": long,
		"RGB, said late": bytes.Replace(flat(side, 0xc0, []byte{0x11, 0x11, 0x11}), []byte{0xff, 0xda}, append(append([]byte{0xff, 0xff, 0xee, 0, 14}, adobe[1:]...), 0xff, 0xda), 1),
		"lossless WebP":  webp(vp8l(128, many)), "WebP with alpha": webp(vp8x(128, withAlpha), alph(many)), "lossless WebP, VP8X": webp(vp8x(128, 0), vp8l(128, many)),
	}
	for kind, depths := range map[byte][]byte{0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}} {
		for _, depth := range depths {
			files[fmt.Sprintf("PNG %d, %d bits", kind, depth)] = blackPNG(320, depth, kind, false)
			files[fmt.Sprintf("interlaced PNG %d, %d bits", kind, depth)] = blackPNG(320, depth, kind, true)
		}
	}
	for name, file := range files {
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
		"a PNG with 16 bits":              sized(blackPNG(8, 16, 6, false), avatar.MaxSide),
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

func TestAnOrdinaryPictureMayBeRead(t *testing.T) {
	const photo, screen = 3500, 2152 // as many pixels as 4032 by 3024, and as 1440 by 3200
	lossy, err := base64.StdEncoding.DecodeString(pixel)
	if err != nil {
		t.Fatal(err)
	}
	const width, height = 26, 28 // places in a lossy WebP
	binary.LittleEndian.PutUint16(lossy[width:], avatar.MaxSide)
	binary.LittleEndian.PutUint16(lossy[height:], avatar.MaxSide)
	for name, file := range map[string][]byte{
		"photo": flat(photo, 0xc0, []byte{0x22, 0x11, 0x11}), "progressive photo": flat(photo, 0xc2, []byte{0x22, 0x11, 0x11}),
		"screenshot": blackPNG(screen, 8, 6, false), "lossy WebP": lossy, "lossless WebP": webp(vp8l(1000, grouped(100, 1000))),
	} {
		if said := avatar.Memory(t, file); said > avatar.MaxMemory {
			t.Errorf("%s: takes %d bytes of memory", name, said)
		}
	}
}

// image/png skips a chunk before the header. This one looks like a header of a smaller picture.
func TestAPNGThatBeginsWithAnotherChunkIsRefused(t *testing.T) {
	const start = 8 // of the chunks
	whole := blackPNG(1600, 16, 6, true)
	other := bytes.Clone(blackPNG(1600, 8, 6, false)[start:33])
	copy(other[4:], "tEXt")
	binary.BigEndian.PutUint32(other[len(other)-4:], crc32.ChecksumIEEE(other[4:len(other)-4]))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := avatar.New(t.Context(), slices.Concat(whole[:start], other, whole[start:]))
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, avatar.ErrFormat) || used > 1<<20 {
		t.Errorf("got %v, took %d bytes of memory", err, used)
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
