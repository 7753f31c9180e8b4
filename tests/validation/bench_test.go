package validation

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"onestroke/gen"
)

// The plain types have the generated types' fields and none of their rules.
type (
	plainDrawing gen.DrawingContent
	plainLogin   gen.Login
	plainPaint   gen.PaintSave
)

// BenchmarkDecode compares reading and checking a body with its bare strict
// decoding by encoding/json:
//
//	go test -run '^$' -bench Decode -count 10 ./tests/validation
func BenchmarkDecode(b *testing.B) {
	login := `{"code":"0d3Yz1Ga1qXk8L0pEwFa1fK2oB1Yz1G9"}`
	signed := `{"code":"0d3Yz1Ga1qXk8L0pEwFa1fK2oB1Yz1G9","rawData":"{\"nickName\":\"Band\",\"gender\":1,\"language\":\"zh_CN\",\"city\":\"Guangzhou\",\"province\":\"Guangdong\",\"country\":\"CN\"}","signature":"75e81ceda165f4ffa64f4068af58c64b8f54b88c"}`
	small := `{"title":"一笔猫","canvas":{"width":3750,"height":6670,"background":"#FFFFFF"},"format":1,"strokes":[` +
		`{"tool":"pen","color":"#666666","width":50,"x":[100,110,120],"y":[200,210,230],"t":[0,16,34]}]}`
	paint := `{"id":"j8x3k2m1q9w0zt","actions":"[{\"method\":\"save\"},{\"method\":\"setLineWidth\",\"data\":[5]},{\"method\":\"restore\"}]"}`
	for _, bench := range []struct {
		name        string
		text        string
		bare, whole func() any
	}{
		{"login", login, func() any { return new(plainLogin) }, func() any { return new(gen.Login) }},
		{"signed login", signed, func() any { return new(plainLogin) }, func() any { return new(gen.Login) }},
		{"paint of 2017", paint, func() any { return new(plainPaint) }, func() any { return new(gen.PaintSave) }},
		{"drawing of 3 points", small, func() any { return new(plainDrawing) }, func() any { return new(gen.DrawingContent) }},
		{"drawing of 5000 points in 20 strokes", largeDrawing(20, 250), func() any { return new(plainDrawing) }, func() any { return new(gen.DrawingContent) }},
		{"drawing of 5000 points in 1000 strokes", largeDrawing(1000, 5), func() any { return new(plainDrawing) }, func() any { return new(gen.DrawingContent) }},
	} {
		for _, way := range []struct {
			name string
			new  func() any
		}{{"bare", bench.bare}, {"checked", bench.whole}} {
			b.Run(bench.name+"/"+way.name, func(b *testing.B) {
				b.SetBytes(int64(len(bench.text)))
				b.ReportAllocs()
				for b.Loop() {
					d := json.NewDecoder(strings.NewReader(bench.text))
					d.DisallowUnknownFields()
					if err := d.Decode(way.new()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
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
