package endtoend

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
)

// covered is a drawing whose red lines are painted over, one after the other.
func covered(times int) gen.DrawingContent {
	c := gen.DrawingContent{Canvas: gen.Canvas{Width: 300, Height: 300}, Format: gen.Format1}
	stroke := func(color string, width int32) {
		c.Strokes = append(c.Strokes, gen.Stroke{Tool: gen.Pen, Color: color, Width: width, X: []int32{50, 250}, Y: []int32{150, 150}})
	}
	for i := range times {
		stroke(fmt.Sprintf("#FF00%02X", i), 10)
		stroke("#FFFFFF", 40)
	}
	return c
}

func reds(t *testing.T, picture []byte) (n int) {
	t.Helper()
	p, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	for y := range p.Bounds().Dy() {
		for x := range p.Bounds().Dx() {
			if c := color.NRGBAModel.Convert(p.At(x, y)).(color.NRGBA); c.R > 200 && c.G < 50 {
				n++
			}
		}
	}
	return n
}

// Others see in the replay what is painted over in the end, so WeChat sees it, too. What
// is painted over so often that a picture cannot show it needs a person.
func TestWhatIsPaintedOverIsChecked(t *testing.T) {
	t.Parallel()
	c := startChecked(t, service.Options{})
	author, d := c.LogIn(t, service.NewUser()), deskOf(c.Service)
	c.plan(t, map[string]any{"path": mediaCheck, "pushes": 0, "times": 2})
	draw := func(times int) (id, token string) {
		id = newID()
		author.Do(t, http.MethodPut, path(id), covered(times), creating()).Expect(t, http.StatusCreated)
		return id, share(t, author, id, http.StatusCreated)
	}
	once, _ := draw(1)
	picture := c.Nobody().Do(t, http.MethodGet, strings.TrimPrefix(c.handedIn(t, 1)[0].URL, c.URL), nil)
	picture.Expect(t, http.StatusOK)
	if n := reds(t, picture.Body); n < 10_000 {
		t.Errorf("%d pixels of the picture show it", n)
	}
	becomes(t, author, once, gen.SharePending, "")

	often, token := draw(30)
	becomes(t, author, often, gen.ShareInReview, "no_result")
	c.isNotShown(t, token)
	if n := len(c.handedIn(t, 1)); n != 1 {
		t.Errorf("%d pictures were handed in", n)
	}
	if n := reds(t, d.picture(t, d.waits(t, "drawing", often)).Body); n < 10_000 {
		t.Errorf("%d pixels of the operator's picture show it", n)
	}
}
