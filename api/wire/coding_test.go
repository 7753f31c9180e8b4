package wire_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"onestroke/api/wire"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/render"
)

// BenchmarkCompress is what compression adds to an answer: a list of 20 real drawings with
// thumbnails, the columns of a drawing of one stroke, and a chunk of an export.
func BenchmarkCompress(b *testing.B) {
	real := drawingtest.QuickDraw(b)
	var thumbnails []string
	var lines []byte
	for i := range min(20, len(real)) {
		c := real[i*len(real)/20]
		var svg bytes.Buffer
		if err := render.SVG(&svg, c, render.Options{Width: 128}); err != nil {
			b.Fatal(err)
		}
		thumbnails = append(thumbnails, svg.String())
		lines = append(appendJSON(b, lines, c.Strokes), '\n')
	}
	for name, text := range map[string][]byte{
		"list":    appendJSON(b, nil, thumbnails),
		"drawing": appendJSON(b, nil, drawingtest.Content("", 1, 500).Strokes),
		"export":  lines,
	} {
		b.Run(name, func(b *testing.B) {
			w := compressing{header: http.Header{}}
			for b.Loop() {
				if err := wire.Send(&w, http.StatusOK, "application/json", text); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(text)), "before")
			b.ReportMetric(float64(w.sent), "after")
		})
	}
}

// compressing is an answer to a client that accepts gzip.
type compressing struct {
	header http.Header
	sent   int // bytes of the last body
}

func (w *compressing) Coding() wire.Coding { return wire.Gzip }
func (w *compressing) Header() http.Header { return w.header }
func (w *compressing) WriteHeader(int)     { clear(w.header) }
func (w *compressing) Write(text []byte) (int, error) {
	w.sent = len(text)
	return w.sent, nil
}

func appendJSON(b *testing.B, to []byte, value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		b.Fatal(err)
	}
	return append(to, text...)
}
