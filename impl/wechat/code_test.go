//go:build !nosimulator

package wechat_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	qr "github.com/piglig/go-qr"

	"onestroke/impl/gallery"
	"onestroke/impl/wechat"
)

const (
	codePath = "/wxa/getwxacodeunlimit"
	scene    = "kT1uB7nR2sV9wYA5mC3x_-" // a token of a share
)

func (p *platform) codes(o wechat.Options) *wechat.Client {
	o.BaseURL, o.Notes, o.Seal, o.Now = p.url+"/simulator", &p.notes, p.key, p.now
	if o.CodePage == "" {
		o.CodePage = "pages/shared/shared"
	}
	if o.CodeVersion == "" {
		o.CodeVersion = "release"
	}
	return newClient(o)
}

func TestACodeOpensThePageWithTheScene(t *testing.T) {
	p := newPlatform(t)
	c := p.codes(wechat.Options{})
	for range 2 {
		code, err := c.MakeCode(t.Context(), scene)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(code))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := qr.Decode(picture); err != nil || text != "pages/shared/shared?scene="+scene {
			t.Errorf("the code says %q, %v", text, err)
		}
		p.plan(`{"path":%q,"errcode":42001}`, codePath) // a token that has just expired is replaced
	}
}

func TestTheRequestForACodeIsWhatWeChatAsks(t *testing.T) {
	for version, check := range map[string]bool{"release": true, "trial": false, "develop": false} {
		var got map[string]any
		srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			if err := json.Unmarshal(text, &got); err != nil {
				t.Error(err)
			}
			sendPicture(w, "image/jpeg", encoded(t, "jpeg", 430, false))
		})
		c := newClient(wechat.Options{BaseURL: srv.URL, WithoutToken: true, CodePage: "pages/a/b", CodeVersion: version})
		code, err := c.MakeCode(t.Context(), scene)
		if err != nil {
			t.Fatal(err)
		}
		if size, err := png.DecodeConfig(bytes.NewReader(code)); err != nil || size.Width != 430 {
			t.Errorf("a JPEG became %+v, %v", size, err)
		}
		want := map[string]any{"scene": scene, "page": "pages/a/b", "check_path": check, "env_version": version, "width": 430.0}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s: %s is %v", version, name, got[name])
			}
		}
		if len(got) != len(want) {
			t.Errorf("asked with %v", got)
		}
	}
}

func TestNoCodeSaysWhetherItMayBeMadeLater(t *testing.T) {
	for plan, want := range map[string]struct {
		later bool
		says  string
	}{
		`"errcode":-1`:     {true, "errcode -1"},
		`"errcode":45009`:  {true, "quota"},
		`"errcode":45011`:  {true, "errcode 45011"},
		`"httpStatus":503`: {true, "HTTP status 503"},
		`"delayMs":60000`:  {true, ""},
		`"errcode":41030`:  {false, "WECHAT_CODE_PAGE"},
		`"errcode":40129`:  {false, "errcode 40129"},
		`"errcode":40164`:  {false, "IP allow list"},
		`"errcode":48001`:  {false, "API permissions"},
		`"httpStatus":404`: {false, "HTTP status 404"},
		`"body":"oops"`:    {false, "not the expected JSON"},
		`"body":"{}"`:      {false, "not a picture"},
	} {
		p := newPlatform(t)
		p.plan(`{"path":%q,%s}`, codePath, plan)
		code, err := p.codes(wechat.Options{Timeout: 500 * time.Millisecond}).MakeCode(t.Context(), scene)
		var failed *gallery.CodeError
		if code != nil || !errors.As(err, &failed) || failed.Temporary != want.later || !strings.Contains(err.Error(), want.says) {
			t.Errorf("%s: %v, want %+v", plan, err, want)
		}
		for _, secret := range []string{appSecret, "access_token=", scene} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error has %q: %v", plan, secret, err)
			}
		}
	}
	p := newPlatform(t)
	for scene, says := range map[string]string{strings.Repeat("a", 33): "errcode 40169", "图": "errcode 40129"} {
		if _, err := p.codes(wechat.Options{}).MakeCode(t.Context(), scene); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", scene, err)
		}
	}
	if _, err := p.codes(wechat.Options{CodePage: "elsewhere/shared"}).MakeCode(t.Context(), scene); err == nil || !strings.Contains(err.Error(), "WECHAT_CODE_PAGE") {
		t.Error(err)
	}
}

func TestWhatIsNoCodeIsRefused(t *testing.T) {
	for name, picture := range map[string][]byte{
		"too large":         encoded(t, "png", 800, true),
		"too many pixels":   encoded(t, "png", 1281, false),
		"cut off":           encoded(t, "png", 430, false)[:100],
		"not a picture":     []byte("GIF89a"),
		"nothing":           nil,
		"more than we read": bytes.Repeat([]byte{0x89}, 3<<20),
	} {
		srv := serve(t, func(w http.ResponseWriter, _ *http.Request) { sendPicture(w, "image/png", picture) })
		c := newClient(wechat.Options{BaseURL: srv.URL, WithoutToken: true, CodePage: "pages/a/b", CodeVersion: "release"})
		code, err := c.MakeCode(t.Context(), scene)
		if failed := (*gallery.CodeError)(nil); code != nil || !errors.As(err, &failed) || failed.Temporary {
			t.Errorf("%s: %d bytes, %v", name, len(code), err)
		}
	}
}

func sendPicture(w http.ResponseWriter, mediaType string, picture []byte) {
	w.Header().Set("Content-Type", mediaType)
	_, _ = w.Write(picture)
}

// encoded is a square picture, of noise or of one color.
func encoded(t *testing.T, format string, width int, noise bool) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, width, width))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range picture.Pix {
		switch {
		case i%4 == 3:
			picture.Pix[i] = 0xFF // opaque
		case noise:
			picture.Pix[i] = uint8(random.Uint32())
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, picture)
	if format == "jpeg" {
		b.Reset()
		err = jpeg.Encode(&b, picture, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
