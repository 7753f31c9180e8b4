package avatar

import (
	"bytes"
	"encoding/binary"
	"image"
	"iter"
)

// orientation reads how a JPEG is to be turned (Exif 2.3, tag 0x0112): phones store
// photos as the sensor lies. It is 1 to 8; 1, not at all, if the file does not say.
func orientation(file []byte) int {
	for marker, segment := range segments(file) {
		if tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return orientationIn(tiff)
		}
	}
	return 1
}

// segments are those of a JPEG before its picture, each with its marker, as far as they
// follow each other without a gap.
func segments(file []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for at := 2; at+4 <= len(file) && file[at] == 0xff; {
			marker, size := file[at+1], int(binary.BigEndian.Uint16(file[at+2:]))
			hasSize := 0xc0 <= marker && marker < 0xd0 || 0xda < marker && marker < 0xff // 0xda: the picture begins
			if !hasSize || size < 2 || at+2+size > len(file) || !yield(marker, file[at+4:at+2+size]) {
				return
			}
			at += 2 + size
		}
	}
}

// orientationIn reads the first directory of a TIFF.
func orientationIn(tiff []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(tiff, []byte("MM")) {
		order = binary.BigEndian
	}
	if len(tiff) < 8 {
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	const size = 12 // of an entry: tag, type, count, value
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < size {
			break
		}
		if order.Uint16(entries) == 0x0112 {
			if turn := int(order.Uint16(entries[8:])); 1 <= turn && turn <= 8 {
				return turn
			}
			break
		}
		entries = entries[size:]
	}
	return 1
}

// upright turns a square picture as its orientation says.
func upright(p *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return p
	}
	last := p.Rect.Dx() - 1
	turned := image.NewRGBA(p.Rect)
	for y := range last + 1 {
		for x := range last + 1 {
			from := [...]image.Point{
				2: {last - x, y}, 3: {last - x, last - y}, 4: {x, last - y},
				5: {y, x}, 6: {y, last - x}, 7: {last - y, last - x}, 8: {last - y, x},
			}[orientation]
			turned.SetRGBA(x, y, p.RGBAAt(from.X, from.Y))
		}
	}
	return turned
}
