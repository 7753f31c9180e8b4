package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"onestroke/impl/drawing"
)

// load reads Quick Draw files in raw form as the demo does: coordinates times ten, on
// a canvas that contains them. Without a folder it generates spirals.
func load(folder string) (drawings []drawing.Content, err error) {
	if folder == "" {
		for turns := range 30 {
			drawings = append(drawings, spiral(20+8*turns))
		}
		return drawings, nil
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.ndjson"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no *.ndjson in %s", folder)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for i, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
			var raw struct {
				Word    string
				Drawing [][3][]float64
			}
			if err := json.Unmarshal(line, &raw); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", filepath.Base(file), i+1, err)
			}
			c := drawing.Content{Properties: drawing.Properties{Title: raw.Word, Canvas: drawing.Canvas{Width: 30_000, Height: 30_000}}}
			for _, columns := range raw.Drawing {
				c.Strokes = append(c.Strokes, stroke(columns))
			}
			drawings = append(drawings, c)
		}
	}
	return drawings, nil
}

func stroke(columns [3][]float64) drawing.Stroke {
	s := drawing.Stroke{Tool: drawing.Pen, Color: "#333333", Width: 60}
	for i := range columns[0] {
		s.X = append(s.X, int32(math.Round(columns[0][i]*10)))
		s.Y = append(s.Y, int32(math.Round(columns[1][i]*10)))
		s.T = append(s.T, int32(columns[2][i]))
	}
	return s
}

func spiral(points int) drawing.Content {
	var columns [3][]float64
	for i := range points {
		angle := float64(i) / 5
		columns[0] = append(columns[0], 187+angle*3*math.Cos(angle))
		columns[1] = append(columns[1], 333+angle*3*math.Sin(angle))
		columns[2] = append(columns[2], float64(i*16))
	}
	return drawing.Content{
		Properties: drawing.Properties{Title: "spiral", Canvas: drawing.Canvas{Width: 3750, Height: 6670}},
		Strokes:    []drawing.Stroke{stroke(columns)},
	}
}

// actions returns a drawing in the form of 2017: the calls of each stroke, in pixels.
func actions(c drawing.Content) string {
	type call struct {
		Method string `json:"method"`
		Data   any    `json:"data,omitempty"`
	}
	var calls []call
	for _, s := range c.Strokes {
		var path []call
		for i := range s.X {
			method := "lineTo"
			if i == 0 {
				method = "moveTo"
			}
			path = append(path, call{method, [2]float64{float64(s.X[i]) / 10, float64(s.Y[i]) / 10}})
		}
		calls = append(calls,
			call{Method: "save"},
			call{"setStrokeStyle", []any{"normal", [4]int{51, 51, 51, 255}}},
			call{"setLineWidth", [1]float64{float64(s.Width) / 10}},
			call{"strokePath", path},
			call{Method: "restore"})
	}
	text, _ := json.Marshal(calls) // plain data
	return string(text)
}
