package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"onestroke/impl/drawing"
)

// row is one kind of request.
type row struct {
	name      string
	operation string  // for the names of benchmarks and profiles
	aim       float64 // times the reference, at most; 0 where there is none
	busy      float64 // the same with 32 connections
	requests  int     // a round
	next      func(i int) ([]byte, error)
}

// rows that write come last: the local MongoDB reads all drawings to list some, so it
// becomes slower with each new drawing.
func (b *bench) rows(a accounts) []row {
	get := func(path, credential string) func(int) ([]byte, error) {
		text := request(http.MethodGet, path, credential, nil)
		return func(int) ([]byte, error) { return text, nil }
	}
	first := bearer(a.tokens[0])
	return []row{
		{"session, hot", "SessionHot", 0.65, 0.8, 2000, get("/v1/session", first)},
		{fmt.Sprintf("session, %d in random order", len(a.tokens)), "SessionRandom", 1.25, 1.2, 2000, func(int) ([]byte, error) {
			return request(http.MethodGet, "/v1/session", bearer(a.tokens[rand.IntN(len(a.tokens))]), nil), nil
		}},
		{"log in", "LogIn", 1.5, 1.5, 400, func(int) ([]byte, error) { return b.logIn() }},
		{"GET drawing", "GetDrawing", 1.3, 1.2, 400, func(i int) ([]byte, error) {
			return request(http.MethodGet, "/v1/drawings/"+a.ids[i%len(a.ids)], first, nil), nil
		}},
		{"list of 20 with thumbnails", "ListDrawings", 1.3, 1.1, 40, get("/v1/drawings?limit=20", first)},
		{"list of 2017, 20 drawings", "ListPaints", 1.6, 0.6, 40, get("/applet/session/paints/list", a.painter)},
		{"PUT drawing", "PutDrawing", 1.6, 1.25, 300, func(i int) ([]byte, error) {
			return creation(uuid.NewString(), bearer(a.tokens[1]), b.bodies[i%len(b.bodies)]), nil
		}},
		{"save of 2017", "SavePaint", 1.6, 1.5, 300, func(i int) ([]byte, error) {
			return b.paint(a.saver, uuid.NewString(), i), nil
		}},
	}
}

// pictures have no reference.
func (b *bench) pictures() []row {
	picture := func(accept string, of int) func(int) ([]byte, error) {
		return func(i int) ([]byte, error) {
			return request(http.MethodGet, "/v1/drawings/"+b.ids[i%of]+"/image?width=256",
				bearer(b.tokens[0])+"Accept: "+accept+"\r\n", nil), nil
		}
	}
	return []row{
		{"SVG image", "SVG", 0, 0, 100, picture("image/svg+xml", len(b.ids))},
		{"PNG image, 256 px", "PNG", 0, 0, 100, picture("image/png", len(b.ids))},
		{"PNG image, 256 px, the same again", "PNG", 0, 0, 100, picture("image/png", 1)},
	}
}

// phone is what a phone gets from WeChat.
type phone struct{ Code, RawData, Signature string }

// phone gets a code for a new user from the simulator.
func (b *bench) phone() (p phone, err error) {
	b.people++
	answer, err := b.wechat.do(request(http.MethodPost, "/simulator/login", "", fmt.Appendf(nil, `{"user":"user %d"}`, b.people)))
	if err == nil {
		err = json.Unmarshal(answer, &p)
	}
	return p, err
}

// logIn returns a request that logs a new user in.
func (b *bench) logIn() ([]byte, error) {
	phone, err := b.phone()
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"code": phone.Code})
	return request(http.MethodPost, "/v1/session", "", body), err
}

// credential2017 logs a user in as programs of 2017 do. From then on, the code is the
// credential.
func (b *bench) credential2017(c *connection) (string, error) {
	p, err := b.phone()
	if err != nil {
		return "", err
	}
	code := "X-WX-Code: " + p.Code + "\r\n"
	_, err = c.do(request(http.MethodGet, "/v1/session",
		code+"X-WX-RawData: "+url.PathEscape(p.RawData)+"\r\nX-WX-Signature: "+p.Signature+"\r\n", nil))
	return code, err
}

// paint returns a request that saves a drawing as programs of 2017 do.
func (b *bench) paint(credential, id string, i int) []byte {
	body, _ := json.Marshal(map[string]string{"id": id, "actions": b.actions[i%len(b.actions)]}) // cannot fail: plain data
	return request(http.MethodPost, "/applet/session/paints/save", credential, body)
}

// encode writes a drawing as a client sends it.
func encode(c drawing.Content) []byte {
	strokes := make([]map[string]any, len(c.Strokes))
	for i, s := range c.Strokes {
		strokes[i] = map[string]any{"tool": s.Tool, "color": s.Color, "width": s.Width, "x": s.X, "y": s.Y, "t": s.T}
	}
	body, _ := json.Marshal(map[string]any{ // cannot fail: plain data
		"title": c.Title, "format": drawing.Format, "strokes": strokes,
		"canvas": map[string]int{"width": c.Canvas.Width, "height": c.Canvas.Height},
	})
	return body
}
