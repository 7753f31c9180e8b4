package endtoend

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
)

func TestAListHasThumbnailsByDefault(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	create(t, caller, `</title><script>alert("一笔")</script>`)
	savePaint(t, caller, "j8x3k2m1q9w0zt", twoLines)
	for query, want := range map[string]bool{"": true, "?thumbnail=svg": true, "?thumbnail=none": false} {
		for _, item := range page(t, caller, query).Items {
			if got := item.Thumbnail != nil; got != want {
				t.Errorf("%s: has a thumbnail: %v", query, got)
			}
			if item.Thumbnail != nil {
				isPlainSVG(t, []byte(*item.Thumbnail))
				if len(*item.Thumbnail) > 2<<10 {
					t.Errorf("a thumbnail has %d bytes", len(*item.Thumbnail))
				}
			}
		}
	}
	caller.Do(t, http.MethodGet, "/v1/drawings?thumbnail=png", nil).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
}

func TestAcceptSelectsTheFormatOfAPicture(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	id := create(t, caller, "one")
	for accept, want := range map[string]string{
		"":                                   "image/svg+xml",
		"*/*":                                "image/svg+xml",
		"image/*":                            "image/svg+xml",
		"image/svg+xml":                      "image/svg+xml",
		"image/png":                          "image/png",
		"text/html, image/png;q=0.1":         "image/png",
		"image/png;q=0.5, image/svg+xml;q=1": "image/svg+xml",
		"image/svg+xml;q=0.2, image/png":     "image/png",
		"image/svg+xml;q=0, image/png":       "image/png",
		"image/png, image/svg+xml":           "image/png",
		"image/*, image/png":                 "image/png",
		"image/svg+xml;q=0, image/*":         "image/png",
		"image/png;q=2, image/*;q=0.1":       "image/svg+xml",
		"IMAGE/PNG; Q=1":                     "image/png",
		"image/*;q=0":                        "",
		"image/webp":                         "",
		"application/json":                   "",
	} {
		t.Run(accept, func(t *testing.T) {
			answer := caller.Do(t, http.MethodGet, path(id)+"/image", nil, header("Accept", accept))
			if want == "" {
				answer.ExpectProblem(t, http.StatusNotAcceptable, gen.ErrNotAcceptable)
				return
			}
			answer.Expect(t, http.StatusOK)
			for name, value := range map[string]string{
				"Content-Type": want, "Vary": "Accept", "Cache-Control": "private, no-cache",
				"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
			} {
				if got := answer.Header.Get(name); got != value {
					t.Errorf("%s is %q, want %q", name, got, value)
				}
			}
			if want == "image/png" {
				isPNG(t, answer.Body, 512)
			} else {
				isPlainSVG(t, answer.Body)
			}
		})
	}
}

func TestAPictureThatABrowserEmbedsIsPNG(t *testing.T) {
	s := start(t)
	author := s.LogIn(t, service.NewUser())
	image := "/v1/shared/" + share(t, author, create(t, author, "one"), http.StatusCreated) + "/image"
	for accept, want := range map[string]string{
		"": "image/png",
		"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8":           "image/png", // Chromium
		"image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5":      "image/png", // Firefox
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/apng,*/*;q=0.8": "image/png", // opened as a page
		"image/*":                        "image/png",
		"*/*":                            "image/png",
		"image/svg+xml":                  "image/svg+xml",
		"image/svg+xml, image/png;q=0.9": "image/svg+xml",
		"image/png;q=0, */*":             "image/svg+xml",
		"image/webp":                     "",
	} {
		answer := s.Nobody().Do(t, http.MethodGet, image, nil, header("Accept", accept))
		if want == "" {
			answer.ExpectProblem(t, http.StatusNotAcceptable, gen.ErrNotAcceptable)
		} else if answer.Expect(t, http.StatusOK); answer.Header.Get("Content-Type") != want {
			t.Errorf("%q gets %s, want %s", accept, answer.Header.Get("Content-Type"), want)
		}
	}
}

func TestFormatInTheAddressDecidesWhateverAcceptSays(t *testing.T) {
	s := start(t)
	author := s.LogIn(t, service.NewUser())
	id := create(t, author, "one")
	shared := "/v1/shared/" + share(t, author, id, http.StatusCreated)
	for _, at := range []string{path(id), shared} {
		for format, want := range map[string]string{"png": "image/png", "svg": "image/svg+xml"} {
			for _, accept := range []string{"", "*/*", "image/png", "image/svg+xml", "text/html", "image/*;q=0"} {
				answer := author.Do(t, http.MethodGet, at+"/image?width=64&format="+format, nil, header("Accept", accept))
				if answer.Expect(t, http.StatusOK); answer.Header.Get("Content-Type") != want {
					t.Errorf("format=%s with Accept %q gets %s", format, accept, answer.Header.Get("Content-Type"))
				}
			}
		}
		for _, query := range []string{"format=", "format=gif", "format=PNG", "format=png&format=svg"} {
			author.Do(t, http.MethodGet, at+"/image?"+query, nil).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
		}
	}
}

func TestAPictureHasTheRequestedWidth(t *testing.T) {
	t.Parallel()
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	image := path(create(t, caller, "one")) + "/image"
	asPNG := header("Accept", "image/png")
	for _, width := range []int{16, 257, 2048} {
		answer := caller.Do(t, http.MethodGet, fmt.Sprint(image, "?width=", width), nil, asPNG)
		answer.Expect(t, http.StatusOK)
		isPNG(t, answer.Body, width)
		answer = caller.Do(t, http.MethodGet, fmt.Sprint(image, "?width=", width), nil)
		if want := fmt.Sprintf(` width="%d" `, width); !bytes.Contains(answer.Body, []byte(want)) {
			t.Errorf("no%sin %.200s", want, answer.Body)
		}
	}
	for _, query := range []string{"width=15", "width=2049", "width=", "width=wide", "width=64&width=64", "animate=1", "width=100%", "width=100;animate=true", "width=%zz"} {
		caller.Do(t, http.MethodGet, image+"?"+query, nil, asPNG).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
	}
}

func TestAnAnimatedPictureNeedsNoScript(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	image := path(create(t, caller, "one")) + "/image"
	for query, moves := range map[string]bool{"?animate=true": true, "?animate=false": false, "": false} {
		answer := caller.Do(t, http.MethodGet, image+query, nil)
		isPlainSVG(t, answer.Body)
		if got := bytes.Contains(answer.Body, []byte("@keyframes")); got != moves {
			t.Errorf("%q moves: %v", query, got)
		}
	}
	still := caller.Do(t, http.MethodGet, image, nil, header("Accept", "image/png"))
	asked := caller.Do(t, http.MethodGet, image+"?animate=true", nil, header("Accept", "image/png"))
	if !bytes.Equal(still.Body, asked.Body) || still.Header.Get("ETag") != asked.Header.Get("ETag") {
		t.Error("a PNG is animated")
	}
}

func TestEachVariantOfAPictureHasItsOwnETag(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	id := create(t, caller, "one")
	forms := []struct{ query, accept string }{
		{"", "image/svg+xml"}, {"", "image/png"}, {"?width=64", "image/svg+xml"}, {"?width=64", "image/png"}, {"?animate=true", "image/svg+xml"},
	}
	fetch := func(i int, held string) service.Answer {
		return caller.Do(t, http.MethodGet, path(id)+"/image"+forms[i].query, nil, header("Accept", forms[i].accept), header("If-None-Match", held))
	}
	tags := map[string]bool{get(t, caller, id).ID.String(): true}
	for i := range forms {
		first := fetch(i, `"another"`)
		first.Expect(t, http.StatusOK)
		tag := first.Header.Get("ETag")
		if tags[tag] {
			t.Errorf("%v has the tag %s of another variant", forms[i], tag)
		}
		tags[tag] = true
		for _, held := range []string{tag, "W/" + tag, `"another", ` + tag, "*"} {
			again := fetch(i, held)
			again.Expect(t, http.StatusNotModified)
			if len(again.Body) != 0 || again.Header.Get("ETag") != tag || again.Header.Get("Vary") != "Accept, Accept-Encoding" || again.Header.Get("Cache-Control") != "private, no-cache" {
				t.Errorf("%v held as %s: %v %s", forms[i], held, again.Header, again.Body)
			}
		}
	}
	caller.Do(t, http.MethodPut, path(id), oneStroke("two"), replacing("*")).Expect(t, http.StatusOK)
	for i := range forms {
		changed := fetch(i, `"another"`)
		if tags[changed.Header.Get("ETag")] {
			t.Errorf("%v has the same tag after a change", forms[i])
		}
	}
}

func TestThePictureOfAnotherUsersDrawingIsNotFound(t *testing.T) {
	s := start(t)
	id := create(t, s.LogIn(t, service.NewUser()), "mine")
	for _, id := range []string{id, newID()} {
		s.LogIn(t, service.NewUser()).Do(t, http.MethodGet, path(id)+"/image", nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
		s.Nobody().Do(t, http.MethodGet, path(id)+"/image", nil).ExpectProblem(t, http.StatusUnauthorized, gen.ErrLoginRequired)
	}
}

// isPlainSVG fails the test if a document is not SVG, or contains something that can
// run code or load resources.
func isPlainSVG(t *testing.T, document []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(document))
	for root := true; ; root = false {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in %.500s", err, document)
		}
		element, ok := token.(xml.StartElement)
		if root && (!ok || element.Name.Local != "svg" || element.Name.Space != "http://www.w3.org/2000/svg") {
			t.Fatalf("no SVG: %.200s", document)
		}
		if !ok {
			continue
		}
		switch element.Name.Local {
		case "svg", "title", "style", "rect", "path":
		default:
			t.Errorf("<%s> in %.500s", element.Name.Local, document)
		}
		for _, a := range element.Attr {
			if strings.HasPrefix(a.Name.Local, "on") || strings.Contains(a.Name.Local, "href") || strings.Contains(a.Value, "url(") {
				t.Errorf("%s in %.500s", a.Name.Local, document)
			}
		}
	}
}

func isPNG(t *testing.T, file []byte, width int) {
	t.Helper()
	p, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if p.Width != width {
		t.Errorf("%d pixels wide, want %d", p.Width, width)
	}
}
