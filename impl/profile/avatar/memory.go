package avatar

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
)

// memory returns how many bytes of memory [New] takes for a picture, at most. It
// follows from how the decoders work.
func memory(file []byte, format string, c image.Config) (int64, error) {
	const block = 32 // decoders round up to whole blocks of at most so many pixels
	pixels := float64(c.Width+block) * float64(c.Height+block)
	const scaling = Side * 4 * 8 // bytes for each line that is scaled: four float64 for each pixel
	lines := float64(min(c.Width, c.Height))
	const avatars = 1 << 20 // the avatar itself, before and after it is turned
	var (
		perPixel float64
		more     int64
		err      error
	)
	switch format {
	case "jpeg":
		perPixel = frameOf(file).perPixel()
	case "png":
		perPixel, err = perPixelOfPNG(file)
	default:
		perPixel, more, err = perPixelOfWebP(file, c)
	}
	return int64(pixels*perPixel+lines*scaling+avatars) + more, err
}

// perPixelOfPNG returns how many bytes of memory a pixel takes while it is decoded.
func perPixelOfPNG(file []byte) (float64, error) {
	const name, depth, interlace = 12, 24, 28 // places in a PNG (its specification, section 11.2.1)
	if string(file[name:name+4]) != "IHDR" {
		return 0, ErrFormat // image/png skips a chunk before it, which would be read here
	}
	bytes := 4.0
	if file[depth] == 16 {
		bytes = 8
	}
	if file[interlace] != 0 {
		bytes *= 2 // each pass is a picture of its own
	}
	return bytes, nil
}

// perPixelOfWebP returns how many bytes of memory a pixel takes while it is decoded, and
// how many more the rest of the file takes.
func perPixelOfWebP(file []byte, c image.Config) (perPixel float64, more int64, err error) {
	const first = 1 << 19 // bytes, the first part of a lossy picture
	const size = 4        // its place: how long the file is, as it says, which the other parts take
	perPixel, more = 2, first+int64(binary.LittleEndian.Uint32(file[size:]))
	if stream := lossless(file); len(stream) > 0 {
		perPixel = 8
		trees, err := treeMemory(stream, c.Width, c.Height)
		if err != nil {
			return 0, 0, err
		}
		more += trees
	}
	if c.ColorModel == color.NYCbCrAModel { // with an alpha channel, which is a lossless picture
		perPixel = 11
	}
	return perPixel, more, nil
}

// frame is what the header of a JPEG says of its picture.
type frame struct {
	progressive bool
	samples     float64 // of all components, for each pixel
	converted   bool    // its colors may be no YCbCr, which takes another picture
}

// largest is the frame that takes most.
var largest = frame{progressive: true, samples: 4, converted: true}

func (f frame) perPixel() float64 {
	bytes := f.samples
	if f.progressive {
		bytes += 4 * f.samples // all coefficients, until the last scan
	}
	if f.converted {
		bytes += 4
	}
	return bytes
}

// frameOf reads the frame header of a JPEG (ITU T.81, section B.2.2). Of a file that is
// not plain before it, it returns the largest.
func frameOf(file []byte) frame {
	for marker, segment := range segments(file) {
		if marker != 0xc0 && marker != 0xc1 && marker != 0xc2 { // SOF
			continue
		}
		const head, each = 6, 3 // bytes
		if len(segment) < head || len(segment) != head+each*int(segment[5]) {
			break
		}
		sum, most, ids := 0, 1, ""
		for c := segment[head:]; len(c) > 0; c = c[each:] {
			samples := int(c[1]>>4) * int(c[1]&0xf)
			sum, most, ids = sum+samples, max(most, samples), ids+string(rune(c[0]))
		}
		return frame{
			progressive: marker == 0xc2,
			samples:     float64(sum) / float64(most),
			converted:   segment[5] == 4 || ids == "RGB" || hasAdobe(file),
		}
	}
	return largest
}

// hasAdobe tells whether a JPEG has the segment APP14 in which Adobe names the colors. It
// may be anywhere. Other segments may have that name, too: XMP names the program that
// wrote it.
func hasAdobe(file []byte) bool {
	for {
		before, after, found := bytes.Cut(file, []byte("Adobe"))
		if !found {
			return false
		}
		const head = 4 // bytes of the marker and the length
		if bytes.HasPrefix(before[max(0, len(before)-head):], []byte{0xff, 0xee}) {
			return true
		}
		file = after
	}
}
