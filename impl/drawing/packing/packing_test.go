package packing_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/packing"
)

func TestPackedRealDrawingsAreSmallAndComeBackEqual(t *testing.T) {
	size, points := 0, 0
	for i, c := range drawingtest.QuickDraw(t) {
		if err := c.Validate(); err != nil {
			t.Fatalf("drawing %d: %v", i, err)
		}
		strokes := c.Normalize().Strokes
		packed := packing.Pack(strokes)
		got, err := packing.Unpack(packed)
		if err != nil || !reflect.DeepEqual(got, strokes) {
			t.Fatalf("drawing %d came back changed: %v", i, err)
		}
		size += len(packed)
		for _, s := range strokes {
			points += len(s.X)
		}
	}
	mean := float64(size) / float64(points)
	t.Logf("%.2f bytes a point, time included", mean)
	if mean > 4 {
		t.Errorf("%.2f bytes a point, the limit is 4", mean)
	}
}

func TestPackKeepsColorsAsWritten(t *testing.T) {
	c := drawingtest.Content("", 4, 8)
	for i, color := range []string{"#abcdef", "#ABCDEF", "#abcdefFF", "#abcdef"} {
		c.Strokes[i].Color = color
	}
	got, err := packing.Unpack(packing.Pack(c.Strokes))
	if err != nil || !reflect.DeepEqual(got, c.Strokes) {
		t.Errorf("got %v, %v", got, err)
	}
}

// A field of a stroke that is not packed fails here.
func TestEveryFieldOfAStrokeIsPacked(t *testing.T) {
	seen := map[string]string{}
	for field, c := range drawingtest.Changes(drawingtest.Full()) {
		if !strings.HasPrefix(field, "[Strokes ") {
			continue
		}
		packed := packing.Pack(c.Strokes)
		got, err := packing.Unpack(packed)
		if err != nil || !reflect.DeepEqual(got, c.Strokes) {
			t.Errorf("%s: %+v came back as %+v, %v", field, c.Strokes, got, err)
		}
		if other := seen[string(packed)]; other != "" {
			t.Errorf("changes of %s and %s are packed alike", field, other)
		}
		seen[string(packed)] = field
	}
}

func TestPackHoldsADrawingWithoutStrokes(t *testing.T) {
	packed := packing.Pack(nil)
	if strokes, err := packing.Unpack(packed); len(strokes) != 0 || err != nil {
		t.Errorf("%x holds %v, %v", packed, strokes, err)
	}
}

func TestUnpackReadsVersion1(t *testing.T) {
	content := readStrokes(t, "testdata/version1.json")
	text, err := os.ReadFile("testdata/version1.hex")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	strokes, err := packing.Unpack(packed)
	if err != nil || !reflect.DeepEqual(strokes, content) {
		t.Errorf("got %+v, %v", strokes, err)
	}
	if again := packing.Pack(content); !bytes.Equal(again, packed) {
		t.Errorf("packs as %x", again)
	}
}

func TestUnpackRefusesWhatPackDoesNotMake(t *testing.T) {
	color := "\x01\x07#000000"
	for name, packed := range map[string]string{
		"nothing":                 "",
		"version 0":               "\x00" + color,
		"version 2":               "\x02" + color,
		"no color":                "\x01\x00\x01\x00\x01\x01\x00\x00",
		"a color that is none":    "\x01\x01\x07#00000g\x01\x00\x01\x01\x00\x00",
		"no stroke":               "\x01" + color + "\x00",
		"1,001 strokes":           "\x01" + color + "\xe9\x07" + strings.Repeat("\x00\x01\x01\x00\x00", 1_001),
		"an unknown color":        "\x01" + color + "\x01\x08\x01\x01\x00\x00",
		"width 0":                 "\x01" + color + "\x01\x00\x00\x01\x00\x00",
		"no point":                "\x01" + color + "\x01\x00\x01\x00",
		"fewer points than said":  "\x01" + color + "\x01\x00\x01\x02\x00\x00\x00",
		"5,001 points":            "\x01" + color + "\x01\x00\x01\x89\x27" + strings.Repeat("\x00", 10_002),
		"x of 65,536":             "\x01" + color + "\x01\x00\x01\x01\x80\x80\x08\x00",
		"x beyond 64 bits":        "\x01" + color + "\x01\x00\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00",
		"time before the start":   "\x01" + color + "\x01\x02\x01\x01\x00\x00\x01",
		"time beyond 31 bits":     "\x01" + color + "\x01\x02\x01\x02\x00\x00\x00\x00\x02\xff\xff\xff\xff\x07",
		"pressure of 256":         "\x01" + color + "\x01\x04\x01\x01\x00\x00\x80\x04",
		"one byte too many":       "\x01" + color + "\x01\x00\x01\x01\x00\x00\x00",
		"a large count, and less": "\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	} {
		if strokes, err := packing.Unpack([]byte(packed)); err == nil {
			t.Errorf("%s: got %+v", name, strokes)
		}
	}
	if _, err := packing.Unpack([]byte("\x01" + color + "\x01\x00\x01\x01\x00\x00")); err != nil {
		t.Errorf("the one that is right: %v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(packing.Pack(drawingtest.Content("", 3, 9).Strokes))
	f.Add(packing.Pack(drawingtest.EveryKind().Strokes))
	f.Add([]byte("\x01\x01\x07#000000\x01\x00\x01\x01\x00\x00"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		strokes, err := packing.Unpack(packed)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
			t.Fatalf("%d bytes cost %d bytes of memory", len(packed), used)
		}
		if err != nil {
			return
		}
		c := drawing.Content{Properties: drawing.Properties{Canvas: drawing.Canvas{Width: 1, Height: 1}}, Strokes: strokes}
		if err := c.Validate(); err != nil && len(strokes) > 0 {
			t.Fatalf("unpacked what no content may hold: %v", err)
		}
		if !reflect.DeepEqual(c.Normalize(), c) {
			t.Fatal("unpacked time that runs backwards")
		}
		again, err := packing.Unpack(packing.Pack(strokes))
		if err != nil || !reflect.DeepEqual(again, strokes) {
			t.Fatalf("came back changed: %v", err)
		}
	})
}

func FuzzPackRoundTrip(f *testing.F) {
	f.Add("#000000", "pen", 1, []byte{0, 0, 0, 0, 0, 0, 0, 0}, true, true)
	f.Add("#abCDef80", "eraser", 65_535, []byte("any bytes make any points"), true, false)
	f.Add("#FFFFFF", "pen", 30, bytes.Repeat([]byte{255, 128, 0}, 99), false, true)
	f.Fuzz(func(t *testing.T, color, tool string, width int, columns []byte, timed, pressed bool) {
		s := drawing.Stroke{Tool: drawing.Tool(tool), Color: color, Width: width}
		for point := range slices.Chunk(columns, 8) {
			if len(point) < 8 {
				break
			}
			n := func(i int) int32 { return int32(int16(uint16(point[i])<<8|uint16(point[i+1]))) * 2 }
			s.X, s.Y = append(s.X, n(0)), append(s.Y, n(2))
			if timed {
				s.T = append(s.T, n(4)&drawing.MaxTime)
			}
			if pressed {
				s.P = append(s.P, point[6])
			}
		}
		turned := s
		turned.X, turned.Y, turned.T = s.Y, s.X, nil
		c := drawing.Content{Properties: drawing.Properties{Canvas: drawing.Canvas{Width: 1, Height: 1}}, Strokes: []drawing.Stroke{s, turned, s}}
		if c.Validate() != nil {
			return
		}
		c = c.Normalize()
		got, err := packing.Unpack(packing.Pack(c.Strokes))
		if err != nil || !reflect.DeepEqual(got, c.Strokes) {
			t.Fatalf("got %+v, %v, want %+v", got, err, c.Strokes)
		}
	})
}

func BenchmarkPack(b *testing.B) {
	strokes := drawingtest.Content("", 12, 1_174).Strokes
	for b.Loop() {
		packing.Pack(strokes)
	}
}

func BenchmarkUnpack(b *testing.B) {
	packed := packing.Pack(drawingtest.Content("", 12, 1_174).Strokes)
	for b.Loop() {
		packing.Unpack(packed)
	}
}

func readStrokes(t *testing.T, file string) (strokes []drawing.Stroke) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var content struct {
		Strokes []struct {
			drawing.Stroke
			P []uint16 // numbers; []uint8 would be base64
		}
	}
	if err := json.Unmarshal(text, &content); err != nil {
		t.Fatal(err)
	}
	for _, s := range content.Strokes {
		for _, p := range s.P {
			s.Stroke.P = append(s.Stroke.P, uint8(p))
		}
		strokes = append(strokes, s.Stroke)
	}
	return strokes
}
