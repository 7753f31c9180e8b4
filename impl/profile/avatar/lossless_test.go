package avatar_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math/bits"
	"runtime"
	"slices"
	"testing"

	"onestroke/impl/profile/avatar"
)

// bitWriter is a lossless stream of WebP that is being written.
type bitWriter struct {
	bytes []byte
	free  int // bits of the last byte
}

func (s *bitWriter) write(value, bits int) {
	for i := range bits {
		if s.free == 0 {
			s.bytes, s.free = append(s.bytes, 0), 8
		}
		s.bytes[len(s.bytes)-1] |= byte(value>>i&1) << (8 - s.free)
		s.free--
	}
}

// tree writes a tree of 2^length codes that all have this length, 8 or 11, or of one that
// has no bits.
func (s *bitWriter) tree(length int) {
	if length == 0 {
		s.write(1, 4) // simple: one symbol, which is 0
		return
	}
	s.write(0, 1)
	const codes = 15 // that say how long codes are
	s.write(codes-4, 4)
	for _, code := range []int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11} {
		if code == length {
			s.write(1, 3)
		} else {
			s.write(0, 3)
		}
	}
	s.write(1, 1)
	s.write(5, 3) // 12 bits follow
	s.write(1<<length-2, 12)
}

// grouped is a stream of a black picture that has as many groups of large trees.
func grouped(groups, side int) []byte {
	var s bitWriter
	s.write(0, 1)  // no transform
	s.write(1, 1)  // a color cache
	s.write(11, 4) // of 2,048 colors
	s.write(1, 1)  // groups, for tiles
	s.write(0, 3)  // of 4 by 4 pixels
	s.write(0, 1)  // no cache for the picture of the tiles
	for _, length := range []int{8, 8, 0, 0, 0} {
		s.tree(length)
	}
	for tile := range (side + 3) / 4 * ((side + 3) / 4) {
		group := min(tile, groups-1)
		s.write(int(bits.Reverse8(uint8(group))), 8)
		s.write(int(bits.Reverse8(uint8(group>>8))), 8)
	}
	for range groups {
		for _, length := range []int{11, 8, 8, 8, 0} {
			s.tree(length)
		}
	}
	return append(s.bytes, make([]byte, side*side*(11+3*8)/8+1)...)
}

// webp makes a file of chunks.
func webp(chunks ...[]byte) []byte {
	all := slices.Concat(chunks...)
	return append(append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(all)+4)), "WEBP"...), all...)
}

func chunk(name string, data []byte) []byte {
	data = append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data))), data...)
	return append(data, make([]byte, len(data)%2)...)
}

// vp8l is the chunk of a whole picture.
func vp8l(side int, stream []byte) []byte {
	return chunk("VP8L", append(binary.LittleEndian.AppendUint32([]byte{0x2f}, uint32(side-1)|uint32(side-1)<<14), stream...))
}

// vp8x is the chunk before the others.
func vp8x(side int, flags byte) []byte {
	size := []byte{byte(side - 1), byte((side - 1) >> 8), 0}
	return chunk("VP8X", slices.Concat([]byte{flags, 0, 0, 0}, size, size))
}

const withAlpha = 0x10 // in the flags of VP8X

func alph(stream []byte) []byte { return chunk("ALPH", append([]byte{1}, stream...)) }

// ordinary are pictures that cwebp made.
var ordinary = map[string]string{
	"lossless":             "UklGRioBAABXRUJQVlA4TB4BAAAvL8ALAAlFbdtAUr4Jf8Q7KET0fwKgCtDJ/i0Ism2KMH/g5wiDH/1PLoNMuG0bSZK4+Qf9V/Xs4swzDKRtk9P5t3yCbJvOH/QYDwVuJCXAGTrYJzxgw8MGvA1ge18w/FKmz/n4J8BEVPgIFZhWa3pfPmxyxSk12bf0SGdNqNTw0pQOLQhROxC6KCrKo8zSmqKijKPBrWj0NAWPcpk3l05F1Q3ysQodLFUJiIb2tfokpqC+Sp9wxmt7BBaqG01xomtOTRhrgSKpgqBEhWY9opnhlZn44kxobhikbf9mHj/OjDcOfdbT8qsKqcghpRDQ+aaS3mACehaU6mdyE9m70ffoZu+i7yP6HqP2KLOXqH1E9hh9ryePLoWH4+v895AA",
	"lossless, few colors": "UklGRjIAAABXRUJQVlA4TCUAAAAvL8ALABcwKAKCIv9H2//5DzYLRNo2w/N3k1c7GNH/PVgelzYDAA==",
	"with alpha":           "UklGRp4AAABXRUJQVlA4WAoAAAAQAAAALwAALwAAQUxQSCQAAAABmS5E9D+gJgASBpLQv4mp5HTcHBETMAGVvkOclDNrEzub5wNWUDggVAAAAHAFAJ0BKjAAMAA+MRSIQqIhIRcUACADBKANLljf4B+AGqFcA/AD9Vf4AAeRXLu1yemy9AAA/veiWqQyCH6z3ejHWsP/CcDE+zhV3UzPSsDAwEnAAA==",
}

func TestAnOrdinaryWebPBecomesAnAvatar(t *testing.T) {
	for name, text := range ordinary {
		file, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		made, err := avatar.New(t.Context(), file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p := decode(t, made); !alike(p.At(245, 40), red) {
			t.Errorf("%s: it is %v", name, p.At(245, 40))
		}
		if said := avatar.Memory(t, file); said > 4<<20 {
			t.Errorf("%s: takes %d bytes of memory", name, said)
		}
	}
}

// Each of them takes more than 128 MB for its Huffman trees, and 2 MB for its pixels.
func TestALosslessPictureWithManyTreesIsRefused(t *testing.T) {
	const side = 204
	most := grouped(2600, side)
	for name, file := range map[string][]byte{
		"lossless": webp(vp8l(side, most)), "VP8X": webp(vp8x(side, 0), vp8l(side, most)),
		"VP8X with alpha": webp(vp8x(side, withAlpha), vp8l(side, most)), "alpha": webp(vp8x(side, withAlpha), alph(most)),
		"after another": webp(vp8x(side, 0), chunk("ICCP", []byte{1}), vp8l(side, most)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := avatar.New(t.Context(), file)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, avatar.ErrMemory) || used > 1<<20 || len(file) > avatar.MaxFile {
			t.Errorf("%s of %d bytes: %v, took %d bytes of memory", name, len(file), err, used)
		}
	}
}

// golang.org/x/image/vp8l reads other symbols from a tree that is not whole than the
// estimate does. libwebp refuses it too.
func TestATreeThatIsNotWholeIsRefused(t *testing.T) {
	var s bitWriter
	s.write(0, 1+1+1) // no transform, no color cache, one group
	s.write(0, 1)     // a tree whose symbols have codes
	s.write(12-4, 4)
	for i := range 12 {
		s.write(i/11, 3) // all lengths are 8
	}
	s.write(0, 1) // of 280 symbols, which is more than 8 bits have
	file := webp(vp8l(4, append(s.bytes, make([]byte, 1000)...)))
	if _, err := avatar.New(t.Context(), file); !errors.Is(err, avatar.ErrFormat) {
		t.Errorf("got %v", err)
	}
}
