package render_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/render"
)

func TestSVGTitleIsTextWhateverItHolds(t *testing.T) {
	for _, c := range []struct{ title, shown string }{
		{"", ""},
		{"一笔", "一笔"},
		{"</title><script>alert(1)</script>", "</title><script>alert(1)</script>"},
		{`]]><!ENTITY x SYSTEM "file:///">&x;`, `]]><!ENTITY x SYSTEM "file:///">&x;`},
		{"a\x00b\x0bc\x1fd\ufffee\uffff", "abcde"},
		{"\u2028😀\t\n", "\u2028😀\t\n"},
		{"\x01\x02", ""},
		{"\xff", "\ufffd"},
	} {
		d := drawingOf(drawing.Canvas{Width: 9, Height: 9}, pen("#000000", 1, 1, 1))
		d.Title = c.title
		for _, animate := range []bool{false, true} {
			if got := checkSVG(t, svgOf(t, d, animate)); got != c.shown {
				t.Errorf("%q is shown as %q", c.title, got)
			}
		}
	}
}

func TestSVGColorsAreColorsWhateverTheyHold(t *testing.T) {
	for _, c := range []string{"", "#", "red", `"/><script/>`, "url(http://evil)", "#00000g", "#+12345", "#1234567", "＃000000"} {
		d := drawingOf(drawing.Canvas{Width: 9, Height: 9, Background: c}, pen(c, 1, 1, 1))
		checkSVG(t, svgOf(t, d, true))
		checkSVG(t, []byte(render.Thumbnail(d.Canvas, d.Strokes)))
	}
}

func TestSVGOfAThinCanvasIsAPixelThick(t *testing.T) {
	for _, c := range []struct {
		canvasWidth, canvasHeight, asked int
		want                             string
	}{
		{65_535, 2, 16, `width="16" height="1" preserveAspectRatio="none" viewBox="0 0 65535 2"`},
		{1, 65_535, 2048, `width="1" height="4096" preserveAspectRatio="none" viewBox="0 0 1 65535"`},
		{1600, 100, 16, `width="16" height="1" viewBox="0 0 1600 100"`},
	} {
		d := drawingOf(drawing.Canvas{Width: c.canvasWidth, Height: c.canvasHeight}, pen("#000000", 1, 0, 0))
		for _, animate := range []bool{false, true} {
			var got bytes.Buffer
			if err := render.SVG(&got, d, render.Options{Width: c.asked, Animate: animate}); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got.String(), c.want) {
				t.Errorf("no %s in %s", c.want, got.String())
			}
			checkSVG(t, got.Bytes())
		}
	}
}

func TestAnimatedSVGKeepsTime(t *testing.T) {
	first := pen("#000000", 1, 0, 0, 10, 0, 20, 0, 100, 0)
	first.T = []int32{40, 140, 840, 1040}
	dot := pen("#000000", 1, 5, 5)
	dot.T = []int32{3_000}
	untimed := pen("#000000", 1, 0, 0, 50, 0)
	got := string(svgOf(t, drawingOf(drawing.Canvas{Width: 100, Height: 50}, first, dot, untimed), true))
	for _, want := range []string{
		`animation-delay:40ms;animation-duration:1000ms;animation-name:a,d,s0"`,
		`@keyframes s0{0%{stroke-dashoffset:1000}10%{stroke-dashoffset:900}80%{stroke-dashoffset:800}100%{stroke-dashoffset:0}}`,
		`animation-delay:3000ms;animation-duration:1ms;animation-name:a"`,
		`animation-delay:3001ms;animation-duration:500ms;animation-name:a,d"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

func TestAnimatedSVGOfPressureKeepsTime(t *testing.T) {
	s := pen("#00000080", 10, 0, 0, 100, 0)
	s.T, s.P = []int32{100, 1_100}, []uint8{0, 255}
	d := drawingOf(drawing.Canvas{Width: 100, Height: 50}, s)
	d.OneStroke = true
	got := string(svgOf(t, d, true))
	checkSVG(t, []byte(got))
	if n := strings.Count(got, "<path"); n < 20 || n > 40 {
		t.Errorf("%d paths in %s", n, got)
	}
	for _, want := range []string{
		`<g stroke="#000" opacity="0.502"><path pathLength="1000" style="animation-delay:100ms;`,
		// The last of 24 parts begins at 23/24 of the way, and the seal at the end.
		`style="animation-delay:1062ms;animation-duration:38ms;animation-name:a,d"`,
		`style="animation-delay:1100ms;animation-duration:1ms;animation-name:a" stroke="#c8321f"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

func TestAnimatedSVGIsBounded(t *testing.T) {
	for name, d := range drawingsAtTheLimits() {
		got := svgOf(t, d, true)
		checkSVG(t, got)
		t.Logf("%s: %d bytes", name, len(got))
		if len(got) > 2_000_000 {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
}

// A stroke whose pressure changes at each point would be half a million parts.
func TestPicturesOfPressureTakeLittleMemory(t *testing.T) {
	s := drawing.Stroke{Tool: drawing.Pen, Color: "#000000", Width: 20}
	for i := range drawing.MaxStrokePoints {
		s.X, s.Y, s.P = append(s.X, int32(i%1000)), append(s.Y, int32(i)), append(s.P, uint8(i%2*255))
	}
	d := drawingOf(drawing.Canvas{Width: 1000, Height: 5000}, s, s, s, s)
	for name, show := range map[string]func(){
		"SVG":       func() { svgOf(t, d, false) },
		"thumbnail": func() { render.Thumbnail(d.Canvas, d.Strokes) },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		show()
		runtime.ReadMemStats(&after)
		if taken := (after.TotalAlloc - before.TotalAlloc) >> 20; taken > 20 {
			t.Errorf("%s: it takes %d MB", name, taken)
		}
	}
}

func TestSVGSaysWhenItCannotWrite(t *testing.T) {
	d := drawingOf(drawing.Canvas{Width: 9, Height: 9}, pen("#000000", 1, 1, 1))
	closed, end := io.Pipe()
	closed.Close()
	if err := render.SVG(end, d, render.Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("SVG: %v", err)
	}
	if err := render.PNG(end, d, render.Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("PNG: %v", err)
	}
}

func FuzzPictures(f *testing.F) {
	f.Add("a title", "#FFFFFF", "#00000080", 300, 400, 5, []byte("\x10\x20\x30\x40\x50\x60"), uint16(2))
	f.Add("</title>&\x00\ufffe", `"/>`, "<script>", 1, 65_535, 65_535, []byte("\xff\x00\x00\xff\x80"), uint16(7))
	f.Fuzz(func(t *testing.T, title, paper, color string, width, height, pen int, steps []byte, stride uint16) {
		c := drawing.Content{
			Properties: drawing.Properties{Canvas: drawing.Canvas{Width: width, Height: height}},
			Strokes:    strokesOf(steps, pen, int32(stride)),
		}
		if c.Validate() != nil {
			return
		}
		d := drawingOf(c.Canvas, c.Strokes...)
		d.OneStroke = len(c.Strokes) == 1
		d.Title, d.Canvas.Background = title, paper
		for i := range d.Strokes {
			d.Strokes[i].Color = color
		}
		checkSVG(t, svgOf(t, d, false))
		checkSVG(t, svgOf(t, d, true))
		checkThumbnail(t, d)
		decode(t, pngOf(t, d, 64))
	})
}

func BenchmarkSVG(b *testing.B) {
	benchmark(b, func(d drawing.Content) int { return len(svgOf(b, d, false)) })
}

func BenchmarkAnimatedSVG(b *testing.B) {
	benchmark(b, func(d drawing.Content) int { return len(svgOf(b, d, true)) })
}

// strokesOf walks by pairs of bytes, and lifts the pen where both are 0.
func strokesOf(steps []byte, width int, stride int32) (all []drawing.Stroke) {
	s := drawing.Stroke{Tool: drawing.Pen, Color: "#000000", Width: width, X: []int32{0}, Y: []int32{0}, T: []int32{0}}
	for step := range slices.Chunk(steps, 2) {
		last := len(s.X) - 1
		if len(step) == 1 || step[0] == 0 && step[1] == 0 {
			all = append(all, s)
			s = drawing.Stroke{Tool: drawing.Eraser, Color: "#000000", Width: width, X: []int32{stride}, Y: []int32{stride}, P: []uint8{step[0]}}
			continue
		}
		s.X = append(s.X, s.X[last]+int32(int8(step[0]))*stride)
		s.Y = append(s.Y, s.Y[last]+int32(int8(step[1]))*stride)
		if s.T != nil {
			s.T = append(s.T, s.T[last]+int32(step[0]))
		}
		if s.P != nil {
			s.P = append(s.P, step[1])
		}
	}
	return append(all, s)
}

func svgOf(t testing.TB, d drawing.Content, animate bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := render.SVG(&b, d, render.Options{Width: pictureWidth, Animate: animate}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// svgAttributes is all that may be in an SVG document, each with what it may hold.
var svgAttributes = map[string]map[string]*regexp.Regexp{
	"svg": {
		"xmlns":               regexp.MustCompile(`^http://www\.w3\.org/2000/svg$`),
		"viewBox":             regexp.MustCompile(`^0 0 \d+ \d+$`),
		"preserveAspectRatio": regexp.MustCompile(`^none$`),
		"width":               number, "height": number, "fill": none, "stroke-linecap": round, "stroke-linejoin": round,
	},
	"title": {},
	"style": {},
	"g": {
		"stroke": rgb, "opacity": number,
		"transform": regexp.MustCompile(`^translate\(-?[\d.]+ -?[\d.]+\)scale\([\d.]+\)rotate\(-8\)$`),
	},
	"rect": {"width": number, "height": number, "fill": rgb},
	"path": {
		"stroke": rgb, "stroke-width": number, "stroke-opacity": number, "pathLength": number,
		"d":     regexp.MustCompile(`^(M-?\d+[ -]\d+(h0|([lqt]-?\d+([ -]\d+)*)+))+$`),
		"style": regexp.MustCompile(`^animation-delay:\d+ms;animation-duration:[1-9]\d*ms;animation-name:a(,d(,s\d+)?)?$`),
	},
}

var (
	number = regexp.MustCompile(`^\d+(\.\d+)?$`)
	rgb    = regexp.MustCompile(`^#([0-9a-f]{3}){1,2}$`)
	none   = regexp.MustCompile(`^none$`)
	round  = regexp.MustCompile(`^round$`)
	css    = regexp.MustCompile(`^(path\{[a-z0-9: ]*\}|@keyframes [ads]\d*\{([a-z0-9.%]+\{[a-z0-9:;-]*\})*\}|@media\(prefers-reduced-motion:reduce\)\{path\{animation:none!important\}\})*$`)
)

// checkSVG fails the test unless the document holds nothing but what
// svgAttributes allow, and returns its title.
func checkSVG(t testing.TB, document []byte) (title string) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var open []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return title
		}
		if err != nil {
			t.Fatalf("%v in %.2000s", err, document)
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, token.Name.Local)
			allowed, known := svgAttributes[token.Name.Local]
			if !known {
				t.Fatalf("<%s> in %.2000s", token.Name.Local, document)
			}
			for _, a := range token.Attr {
				pattern := allowed[a.Name.Local]
				if pattern == nil || a.Name.Space != "" || !pattern.MatchString(a.Value) {
					t.Fatalf("%v in <%s>", a, token.Name.Local)
				}
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			switch open[len(open)-1] {
			case "title":
				title += string(token)
			case "style":
				if !css.Match(token) {
					t.Fatalf("style %.2000s", token)
				}
			default:
				t.Fatalf("text %q in <%s>", token, open[len(open)-1])
			}
		default:
			t.Fatalf("%T in %.2000s", token, document)
		}
	}
}
