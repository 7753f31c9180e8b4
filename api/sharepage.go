package api

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html"
	"net/http"
	"strings"

	"onestroke/api/wire"
	"onestroke/impl/gallery"
	"onestroke/impl/profile"
)

// sharePage is the page of a shared drawing at /s/{token}, for browsers and for
// programs that make a card of a link. It has no script: the picture replays itself.
type sharePage struct {
	gallery   *gallery.Service
	profiles  *profile.Service
	limits    limiter
	publicURL string // where others reach the service, without a slash at the end; empty: not known
	fail      func(http.ResponseWriter, *http.Request, error)
}

const sharePageRoute = "/s/{token}"

var (
	// Not a template: see docs/decisions/0022-no-templates.md.
	//
	//go:embed sharepage.html
	sharePageText string

	sharePagePolicy = func() string {
		_, style, _ := strings.Cut(sharePageText, "<style>")
		style, _, _ = strings.Cut(style, "</style>")
		sum := sha256.Sum256([]byte(style))
		return "default-src 'none'; img-src 'self'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	}()
)

// ServeHTTP answers the page. Programs that make a card of a link need the absolute
// address of the picture, so without a public URL the card has none.
func (p sharePage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	info := infoOf(r.Context())
	info.operation, info.route = "sharePage", sharePageRoute
	token := r.PathValue("token")
	if err := p.limits.countVisit(r.Context()); err != nil {
		p.fail(w, r, err)
		return
	}
	d, author, err := visit(r.Context(), p.gallery, p.profiles, token)
	if errors.Is(err, errNoShare) {
		p.send(w, r, http.StatusNotFound, "没有这幅画 · No such drawing", "",
			`<p>链接无效，或作者已停止分享。<br><span lang="en">The link is invalid, or the drawing is no longer shared.</span></p>`)
		return
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	title := "一笔到底 · One Stroke"
	if d.Title != "" {
		title = d.Title
	}
	if author.Nickname != "" {
		title += " · " + author.Nickname
	}
	image := "v1/shared/" + token + "/image" // a token has letters, digits, - and _ only
	var card string
	if p.publicURL != "" {
		card = `<meta property="og:url" content="` + html.EscapeString(p.publicURL+"/s/"+token) + `">
  <meta property="og:image" content="` + html.EscapeString(p.publicURL+"/"+image) + `?format=png">
  <meta property="og:image:type" content="image/png">`
	}
	// Relative addresses: behind a proxy the service may have a path prefix.
	p.send(w, r, http.StatusOK, title, card, `<picture>
    <source media="(prefers-reduced-motion: reduce)" srcset="../`+image+`?format=png&amp;width=1024">
    <img src="../`+image+`?format=svg&amp;animate=true&amp;width=1024" alt="`+html.EscapeString(title)+`">
  </picture>
  <p><a href="">重放 Replay</a> <a href="../#/shared/`+token+`">逐笔播放 Player · 举报 Report</a></p>`)
}

// send answers the page with a title, which is text, and parts that are HTML.
func (p sharePage) send(w http.ResponseWriter, r *http.Request, status int, title, picture, content string) {
	text := strings.NewReplacer("{title}", html.EscapeString(title), "{picture}", picture, "{content}", content).Replace(sharePageText)
	h := w.Header()
	h.Set("Content-Security-Policy", sharePagePolicy)
	h.Set("Referrer-Policy", "no-referrer") // the address has the token
	if status == http.StatusOK {
		joinLists(r.Header)
		etag, current := revalidate(r.Context(), tagOf([]byte(text)), optional(r.Header.Get("If-None-Match")))
		h.Set("Cache-Control", "public, no-cache")
		h.Set("Etag", etag)
		if current {
			wire.NotModified(w)
			return
		}
	}
	_ = wire.Send(w, status, "text/html; charset=utf-8", []byte(text)) // the client may be gone
}
