package validation

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"onestroke/gen"
)

// The plain types have the fields of the generated types, without their rules.
type (
	plainDrawing gen.DrawingContent
	plainLogin   gen.LoginRequest
	plainPaint   gen.PaintSave
)

// BenchmarkDecode compares reading and checking a body with its bare strict
// decoding by encoding/json. The two alternate, and the fastest run of each counts:
// other programs on the machine can only make a run slower.
func BenchmarkDecode(b *testing.B) {
	login := `{"code":"0d3Yz1Ga1qXk8L0pEwFa1fK2oB1Yz1G9"}`
	signed := `{"code":"0d3Yz1Ga1qXk8L0pEwFa1fK2oB1Yz1G9","rawData":"{\"nickName\":\"Band\",\"gender\":1,\"language\":\"zh_CN\",\"city\":\"Guangzhou\",\"province\":\"Guangdong\",\"country\":\"CN\"}","signature":"75e81ceda165f4ffa64f4068af58c64b8f54b88c"}`
	small := `{"title":"一笔猫","canvas":{"width":3750,"height":6670,"background":"#FFFFFF"},"format":1,"strokes":[` +
		`{"tool":"pen","color":"#666666","width":50,"x":[100,110,120],"y":[200,210,230],"t":[0,16,34]}]}`
	paint := `{"id":"j8x3k2m1q9w0zt","actions":"[{\"method\":\"save\"},{\"method\":\"setLineWidth\",\"data\":[5]},{\"method\":\"restore\"}]"}`
	for _, bench := range []struct {
		name  string
		text  string
		plain func() any
		read  body
	}{
		{"login", login, func() any { return new(plainLogin) }, jsonOf((*gen.LoginRequest).DecodeJSON)},
		{"signed login", signed, func() any { return new(plainLogin) }, jsonOf((*gen.LoginRequest).DecodeJSON)},
		{"paint of 2017", paint, func() any { return new(plainPaint) }, jsonOf((*gen.PaintSave).DecodeJSON)},
		{"drawing of 3 points", small, func() any { return new(plainDrawing) }, jsonOf((*gen.DrawingContent).DecodeJSON)},
		{"drawing of 5000 points in 20 strokes", largeDrawing(20, 250), func() any { return new(plainDrawing) }, jsonOf((*gen.DrawingContent).DecodeJSON)},
		{"drawing of 5000 points in 1000 strokes", largeDrawing(1000, 5), func() any { return new(plainDrawing) }, jsonOf((*gen.DrawingContent).DecodeJSON)},
	} {
		bare := func() error {
			d := json.NewDecoder(strings.NewReader(bench.text))
			d.DisallowUnknownFields()
			return d.Decode(bench.plain())
		}
		checked := func() error {
			text, err := io.ReadAll(strings.NewReader(bench.text))
			if err != nil {
				return err
			}
			_, err = bench.read(text)
			return err
		}
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.text)))
			b.ReportAllocs()
			fastest := [2]time.Duration{math.MaxInt64, math.MaxInt64}
			for b.Loop() {
				for way, decode := range []func() error{bare, checked} {
					start := time.Now()
					if err := decode(); err != nil {
						b.Fatal(err)
					}
					fastest[way] = min(fastest[way], time.Since(start))
				}
			}
			b.ReportMetric(float64(fastest[0]), "bare-ns")
			b.ReportMetric(float64(fastest[1]), "checked-ns")
			b.ReportMetric(float64(fastest[1])/float64(fastest[0]), "ratio")
		})
	}
}

// largeDrawing is a drawing with all four columns, as a phone would send it.
func largeDrawing(strokes, points int) string {
	random := rand.New(rand.NewPCG(1, 2))
	column := func(start, step int) string {
		values := make([]string, points)
		for i := range values {
			values[i] = fmt.Sprint(start)
			start += random.IntN(step)
		}
		return strings.Join(values, ",")
	}
	all := make([]string, strokes)
	for i := range all {
		all[i] = fmt.Sprintf(`{"tool":"pen","color":"#666666","width":50,"x":[%s],"y":[%s],"t":[%s],"p":[%s]}`,
			column(1000, 20), column(3000, 30), column(20*i*points, 20), column(100, 2))
	}
	return `{"title":"一笔猫","canvas":{"width":3750,"height":6670},"format":1,"strokes":[` + strings.Join(all, ",") + `]}`
}
