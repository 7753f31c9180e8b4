package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	onestroke "github.com/onestroke/onestroke/clients/go"
)

// sketch is a line of a Quick, Draw! file in raw form:
// https://github.com/googlecreativelab/quickdraw-dataset#the-raw-moderated-dataset
type sketch struct {
	Word  string        `json:"word"`
	KeyID string        `json:"key_id"`  // unique in the data set
	Lines [][][]float64 `json:"drawing"` // each three columns: x and y in screen pixels, t in ms
}

const (
	tenths   = 10 // canvas units per pixel
	maxCoord = 65_535
	maxTime  = math.MaxInt32
	penWidth = 6 * tenths
)

// quickDraw reads files with one drawing on each line. Its errors name the file and
// the line.
func quickDraw(files []string) drawings {
	return func(yield func(drawing, error) bool) {
		for _, file := range files {
			if !readFile(file, yield) {
				return
			}
		}
	}
}

// readFile reports whether to continue with the next file.
func readFile(file string, yield func(drawing, error) bool) (goOn bool) {
	f, err := os.Open(file)
	if err != nil {
		yield(drawing{}, err)
		return false
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, readErr := lines.ReadBytes('\n')
		if readErr != nil && readErr != io.EOF {
			yield(drawing{}, readErr)
			return false
		}
		if len(bytes.TrimSpace(line)) > 0 {
			d, err := parseSketch(line)
			d.source = fmt.Sprintf("%s:%d", filepath.Base(file), n)
			if err != nil {
				yield(drawing{}, fmt.Errorf("%s: %w", d.source, err))
				return false
			}
			if !yield(d, nil) {
				return false
			}
		}
		if readErr == io.EOF {
			return true
		}
	}
}

func parseSketch(line []byte) (drawing, error) {
	var s sketch
	if err := json.Unmarshal(line, &s); err != nil {
		return drawing{}, fmt.Errorf("not a drawing: %w", err)
	}
	if s.KeyID == "" {
		return drawing{}, errors.New("not a drawing: it has no key_id")
	}
	if len(s.Lines) == 0 {
		return drawing{}, errors.New("not a drawing: it has no strokes")
	}
	content := onestroke.DrawingContent{Title: &s.Word, Format: onestroke.Format1}
	for i, line := range s.Lines {
		stroke, err := parseStroke(line)
		if err != nil {
			return drawing{}, fmt.Errorf("stroke %d: %w", i+1, err)
		}
		content.Strokes = append(content.Strokes, stroke)
	}
	content.Canvas = canvasAround(content.Strokes)
	return drawing{id: nameID("https://quickdraw.withgoogle.com/data/" + s.KeyID), content: content}, nil
}

func parseStroke(columns [][]float64) (onestroke.Stroke, error) {
	if len(columns) != 3 || len(columns[0]) == 0 || len(columns[0]) != len(columns[1]) || len(columns[0]) != len(columns[2]) {
		return onestroke.Stroke{}, errors.New("must be three columns x, y and t of the same length")
	}
	x, errX := integers(columns[0], tenths, -maxCoord, maxCoord)
	y, errY := integers(columns[1], tenths, -maxCoord, maxCoord)
	t, errT := integers(columns[2], 1, 0, maxTime)
	return onestroke.Stroke{Tool: onestroke.Pen, Color: "#333333", Width: penWidth, X: x, Y: y, T: &t}, cmp.Or(errX, errY, errT)
}

func integers(values []float64, scale, low, high float64) ([]int32, error) {
	column := make([]int32, len(values))
	for i, v := range values {
		n := math.Round(v * scale)
		if n < low || n > high {
			return nil, fmt.Errorf("%v is out of range", v)
		}
		column[i] = int32(n)
	}
	return column, nil
}

// canvasAround returns a canvas with the same margin at the right as at the left
// and below as above, up to the largest canvas.
func canvasAround(strokes []onestroke.Stroke) onestroke.Canvas {
	side := func(column func(onestroke.Stroke) []int32) int32 {
		low, high := int32(maxCoord), int32(0)
		for _, s := range strokes {
			for _, v := range column(s) {
				low, high = min(low, v), max(high, v)
			}
		}
		return min(high+max(low, penWidth), maxCoord)
	}
	return onestroke.Canvas{
		Width:  side(func(s onestroke.Stroke) []int32 { return s.X }),
		Height: side(func(s onestroke.Stroke) []int32 { return s.Y }),
	}
}

// nameID returns the UUID of version 5 (RFC 9562) of a URL.
func nameID(url string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(url)) }
