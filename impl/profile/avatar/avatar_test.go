package avatar_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"onestroke/impl/profile/avatar"
)

var (
	red  = color.RGBA{255, 0, 0, 255}
	blue = color.RGBA{0, 0, 255, 255}
)

// pixel is a lossy WebP of one pixel.
const pixel = "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA="

// halves is a picture whose upper half is red and whose lower half is blue.
func halves(width, height int) image.Image {
	p := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			if p.SetRGBA(x, y, blue); y < height/2 {
				p.SetRGBA(x, y, red)
			}
		}
	}
	return p
}

func asPNG(t testing.TB, p image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, p image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// turned adds an Exif segment with an orientation and a text to a JPEG.
func turned(file []byte, orientation byte, order binary.AppendByteOrder) []byte {
	tiff := []byte("II*\x00")
	if order == binary.BigEndian {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, entry := range [][2]uint16{{0x0100, 7}, {0x0112, uint16(orientation)}} {
		tiff = order.AppendUint16(tiff, entry[0])
		tiff = order.AppendUint16(tiff, 3)
		tiff = order.AppendUint32(tiff, 1)
		tiff = order.AppendUint16(tiff, entry[1])
		tiff = order.AppendUint16(tiff, 0)
	}
	segment := append([]byte("Exif\x00\x00"), append(tiff, "taken at 31.23N 121.47E"...)...)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(segment)+2))
	return append(append(head, segment...), file[2:]...)
}

func decode(t *testing.T, file []byte) image.Image {
	t.Helper()
	p, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if p.Bounds() != image.Rect(0, 0, avatar.Side, avatar.Side) {
		t.Fatalf("the avatar has %v", p.Bounds())
	}
	return p
}

func TestAnAvatarIsTheSquareInTheMiddle(t *testing.T) {
	webp, err := base64.StdEncoding.DecodeString(pixel)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"wide": asPNG(t, halves(900, 300)), "high": asJPEG(t, halves(100, 1000)), "largest": blackPNG(avatar.MaxSide, 1, 0, false),
		"one pixel": asPNG(t, halves(1, 1)), "webp": webp,
	} {
		made, err := avatar.New(t.Context(), file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p := decode(t, made)
		if name == "wide" && (!alike(p.At(128, 10), red) || !alike(p.At(128, 245), blue)) {
			t.Errorf("%s: %v above, %v below", name, p.At(128, 10), p.At(128, 245))
		}
		if as, err := avatar.PNG(made); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if _, err := png.Decode(bytes.NewReader(as)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsTransparentBecomesWhite(t *testing.T) {
	made, err := avatar.New(t.Context(), asPNG(t, image.NewRGBA(image.Rect(0, 0, 40, 40))))
	if err != nil {
		t.Fatal(err)
	}
	if at := decode(t, made).At(100, 100); !alike(at, color.White) {
		t.Errorf("it is %v", at)
	}
}

// The upper half as the camera stored it is red. Where is it when the photo is seen?
func TestAPhotoIsTurnedAsItSaysAndSaysNothingElse(t *testing.T) {
	photo := asJPEG(t, halves(64, 64))
	at := map[string]image.Point{"above": {128, 20}, "below": {128, 235}, "left": {20, 128}, "right": {235, 128}}
	for orientation, where := range map[byte]string{
		0: "above", 1: "above", 2: "above", 3: "below", 4: "below", 5: "left", 6: "right", 7: "right", 8: "left", 9: "above",
	} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			made, err := avatar.New(t.Context(), turned(photo, orientation, order))
			if err != nil {
				t.Fatal(err)
			}
			if p := at[where]; !alike(decode(t, made).At(p.X, p.Y), red) {
				t.Errorf("orientation %d: red is not %s", orientation, where)
			}
			if bytes.Contains(made, []byte("Exif")) || bytes.Contains(made, []byte("121.47E")) {
				t.Error("the avatar says where the photo was taken")
			}
		}
	}
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	whole := asPNG(t, halves(50, 50))
	for name, file := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "half": whole[:len(whole)/2], "gif": []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
		"svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`),
	} {
		if made, err := avatar.New(t.Context(), file); !errors.Is(err, avatar.ErrFormat) {
			t.Errorf("%s: %d bytes, %v", name, len(made), err)
		}
	}
}

// A header of 33 bytes that announces 65,000 x 65,000 pixels, which are 17 GB.
func TestALargePictureIsRefusedByItsHeader(t *testing.T) {
	header := []byte("IHDR\x00\x00\xfd\xe8\x00\x00\xfd\xe8\x08\x06\x00\x00\x00")
	file := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	file = binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(header))
	if _, err := avatar.New(t.Context(), file); !errors.Is(err, avatar.ErrSize) {
		t.Errorf("got %v", err)
	}
}

func FuzzNew(f *testing.F) {
	f.Add(asPNG(f, halves(3, 5)))
	f.Add(turned(asJPEG(f, halves(8, 8)), 6, binary.BigEndian))
	f.Fuzz(func(t *testing.T, file []byte) {
		if made, err := avatar.New(t.Context(), file); err == nil {
			decode(t, made)
		} else if !errors.Is(err, avatar.ErrFormat) && !errors.Is(err, avatar.ErrSize) && !errors.Is(err, avatar.ErrScans) && !errors.Is(err, avatar.ErrMemory) {
			t.Fatal(err)
		}
	})
}

// alike allows for what JPEG loses.
func alike(a, b color.Color) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	apart := func(a, b uint32) bool { return max(a, b)-min(a, b) > 0x2000 }
	return !apart(ar, br) && !apart(ag, bg) && !apart(ab, bb)
}
