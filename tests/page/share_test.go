package page_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"onestroke/gen"
	"onestroke/tests/chromium"
	"onestroke/tests/service"
)

func TestTheSharePageReplaysTheDrawing(t *testing.T) {
	p := service.Build(t).Start(t)
	author := p.LogIn(t, service.NewUser())
	const drawing, title = "/v1/drawings/6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d2", "一笔猫"
	author.Do(t, http.MethodPut, drawing, gen.DrawingContent{
		Title: new(title), Canvas: gen.Canvas{Width: 300, Height: 300}, Format: gen.Format1,
		Strokes: []gen.Stroke{{Tool: gen.Pen, Color: "#000000", Width: 10, X: []int32{10, 200}, Y: []int32{10, 200}, T: new([]int32{0, 10})}},
	}, http.Header{"If-None-Match": {"*"}}).Expect(t, http.StatusCreated)
	var share gen.Share
	author.Do(t, http.MethodPut, drawing+"/share", nil).Decode(t, &share)

	b := chromium.Open(t)
	const isLoaded = `[...document.images].every(i => i.complete && i.naturalWidth > 0) && document.images.length === 1`
	b.Do(t, chromedp.Navigate(p.URL+"/s/"+share.Token), chromedp.Poll[chromedp.Void](isLoaded))
	if shown := b.Tell(t, chromedp.Evaluate[string](`document.images[0].currentSrc`)); !strings.Contains(shown, "animate=true") {
		t.Errorf("the page shows %s, which does not move", shown)
	}
	if heading := b.Tell(t, chromedp.Text("main h1")); !strings.HasPrefix(heading, title) {
		t.Errorf("the page is called %q", heading)
	}
	if background := b.Tell(t, chromedp.Evaluate[string](`getComputedStyle(document.body).backgroundColor`)); background != "rgb(245, 242, 234)" {
		t.Errorf("the policy keeps the style out: the background is %s", background)
	}
	asked, complaints := b.Seen()
	for _, address := range asked {
		if !strings.HasPrefix(address, p.URL+"/") {
			t.Errorf("the page asked for %s", address)
		}
	}
	for _, c := range complaints {
		t.Errorf("the browser complains: %s", c)
	}
}
