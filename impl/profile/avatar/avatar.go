// Package avatar makes avatars of the pictures that users upload.
package avatar

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // which image.Decode then reads
	"golang.org/x/sync/semaphore"
)

const (
	// MaxFile is how large an uploaded file may be, in bytes.
	MaxFile = 1 << 20
	// MaxSide is how wide and how high an uploaded picture may be, in pixels.
	MaxSide = 4096
	// MaxMemory is how many bytes of memory the pictures that are decoded at the same
	// time may take. What one takes is estimated from its header: a small file can
	// unpack to a picture that takes all memory.
	MaxMemory = 128 << 20
	// MaxScans is how many scans a JPEG may have. Encoders write about ten, but a scan may
	// take 30 bytes, and each one is a pass over all pixels: a file has room for 30,000.
	MaxScans = 64
	// Side is how wide and how high an avatar is, in pixels.
	Side = 256

	quality = 85 // of the JPEG; about 15 KB for a photo
)

// Errors of [New].
var (
	ErrFormat = errors.New("is not a JPEG, PNG or WebP picture")
	ErrSize   = fmt.Errorf("is more than %d pixels wide or high", MaxSide)
	ErrScans  = fmt.Errorf("is a progressive JPEG of more than %d scans", MaxScans)
	ErrMemory = fmt.Errorf("takes more than %d MB of memory to read: save it smaller, not progressive or interlaced, with 8 bits for a color", MaxMemory>>20)
)

// room is the memory that is not taken.
var room = semaphore.NewWeighted(MaxMemory)

// New makes an avatar of a JPEG, PNG or WebP file: the square in the middle of the
// picture, as a JPEG of [Side] pixels. It is drawn anew, so that nothing else of the
// file is left: no place, no camera, no other file behind the picture. What is
// transparent becomes white. It waits while other pictures take the memory.
func New(ctx context.Context, file []byte) ([]byte, error) {
	header, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || format != "jpeg" && format != "png" && format != "webp" {
		return nil, ErrFormat
	}
	if header.Width > MaxSide || header.Height > MaxSide {
		return nil, ErrSize
	}
	if format == "jpeg" && scans(file) > MaxScans {
		return nil, ErrScans
	}
	needed, err := memory(file, format, header)
	if err != nil {
		return nil, err
	}
	if needed > MaxMemory {
		return nil, ErrMemory
	}
	if err := room.Acquire(ctx, needed); err != nil {
		return nil, err
	}
	defer room.Release(needed)
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil || picture.Bounds().Empty() {
		return nil, ErrFormat
	}
	if p, ok := picture.(*image.YCbCr); ok && (p.SubsampleRatio == image.YCbCrSubsampleRatio411 || p.SubsampleRatio == image.YCbCrSubsampleRatio410) {
		picture = struct{ image.RGBA64Image }{p} // or draw takes memory for each color that it reads
	}
	avatar := image.NewRGBA(image.Rect(0, 0, Side, Side))
	draw.Draw(avatar, avatar.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(avatar, avatar.Bounds(), picture, square(picture.Bounds()), draw.Over, nil)
	if format == "jpeg" {
		avatar = upright(avatar, orientation(file))
	}
	var b bytes.Buffer
	err = jpeg.Encode(&b, avatar, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}

// PNG returns an avatar as a PNG, as checkers take it.
func PNG(avatar []byte) ([]byte, error) {
	picture, err := jpeg.Decode(bytes.NewReader(avatar))
	if err != nil {
		return nil, fmt.Errorf("read an avatar: %w", err)
	}
	var b bytes.Buffer
	err = png.Encode(&b, picture)
	return b.Bytes(), err
}

// square returns the largest square in the middle of a rectangle.
func square(r image.Rectangle) image.Rectangle {
	side := min(r.Dx(), r.Dy())
	corner := r.Min.Add(image.Pt((r.Dx()-side)/2, (r.Dy()-side)/2))
	return image.Rectangle{corner, corner.Add(image.Pt(side, side))}
}
