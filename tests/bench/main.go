// Bench prints what a request costs the service, in CPU time of its process,
// beside what it costs the reference program in the same run. Wall time on a
// shared machine is noise, and so is one absolute figure: look at the ratios.
//
//	go run ./tests/bench [-data folder of Quick Draw files] [-rounds 5] [-requests 100] [-sessions 2000]
//
// Redis and MongoDB are those of REDIS_URL and MONGODB_URI, or embedded ones in
// this process, whose CPU time is nobody's. It needs Linux: CPU time is read
// from /proc.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"onestroke/impl/drawing"
	"onestroke/impl/embedded"
	"onestroke/impl/wechatsim"
)

const appID, appSecret = "wxbench", "bench"

func main() {
	data := flag.String("data", "", "folder of Quick Draw files; drawings of its own without")
	rounds := flag.Int("rounds", 5, "how often each row is measured on either side, alternating")
	requests := flag.Int("requests", 100, "requests a round")
	sessions := flag.Int("sessions", 2000, "sessions asked for in random order")
	flag.Parse()
	if err := run(*data, *rounds, *requests, *sessions); err != nil {
		log.Fatal("bench: ", err)
	}
}

func run(data string, rounds, requests, sessions int) error {
	drawings, err := load(data)
	if err != nil {
		return err
	}
	printWeight(drawings)

	b, err := start()
	if err != nil {
		return err
	}
	defer b.stop()
	if err := b.prepare(drawings, sessions); err != nil {
		return err
	}
	fmt.Printf("\nCPU time a request, median of %d rounds of %d requests\n\n", rounds, requests)
	fmt.Printf("%-36s %12s %12s %8s %s\n", "", "ours", "reference", "ratio", "spread")
	for _, row := range b.rows() {
		if err := row.measure(b, rounds, requests); err != nil {
			return fmt.Errorf("%s: %w", row.name, err)
		}
	}
	return nil
}

// printWeight prints what the drawings weigh as they are stored.
func printWeight(drawings []drawing.Content) {
	points, packed, body := 0, 0, 0
	for _, c := range drawings {
		for _, s := range c.Strokes {
			points += len(s.X)
		}
		packed += len(drawing.Pack(c.Normalize().Strokes))
		body += len(encode(c))
	}
	fmt.Printf("%d drawings, %d points: %.2f bytes a point packed, %.1f as JSON\n",
		len(drawings), points, float64(packed)/float64(points), float64(body)/float64(points))
}

// bench is the two programs and all they need.
type bench struct {
	ours, reference *program
	redis           *redis.Client
	phone           string // where codes are minted
	tokens          []string
	bodies          [][]byte
	ids             []string
	next            int
	closers         []func()
}

func start() (b *bench, err error) {
	b = &bench{}
	defer func() {
		if err != nil {
			b.stop()
		}
	}()
	redisURL, mongoURI := os.Getenv("REDIS_URL"), os.Getenv("MONGODB_URI")
	if redisURL == "" {
		server, err := embedded.Redis(embedded.Loopback)
		if err != nil {
			return b, err
		}
		b.closers = append(b.closers, func() { server.Close() })
		redisURL = server.URL
	}
	if mongoURI == "" {
		dir, err := os.MkdirTemp("", "bench")
		if err != nil {
			return b, err
		}
		server, err := embedded.MongoDB(embedded.Loopback, dir)
		if err != nil {
			return b, err
		}
		b.closers = append(b.closers, func() { server.Close(); os.RemoveAll(dir) })
		mongoURI = server.URL
	}
	o, err := redis.ParseURL(redisURL)
	if err != nil {
		return b, err
	}
	b.redis = redis.NewClient(o)
	wechat := httptest.NewServer(wechatsim.New(appID, appSecret))
	b.closers = append(b.closers, wechat.Close)
	b.phone = wechat.URL + "/simulator/login"
	env := []string{
		"REDIS_URL=" + redisURL, "MONGODB_URI=" + mongoURI, "WECHAT_API_URL=" + wechat.URL + "/simulator",
		"WECHAT_APP_ID=" + appID, "WECHAT_APP_SECRET=" + appSecret, "PORT=0", "GOMAXPROCS=1",
		"LOGIN_RATE_PER_MINUTE=1000000", "REQUEST_RATE_PER_MINUTE=1000000",
	}
	if b.ours, err = startProgram(".", env); err != nil {
		return b, err
	}
	b.closers = append(b.closers, b.ours.stop)
	if b.reference, err = startProgram("./tests/bench/reference", env); err != nil {
		return b, err
	}
	b.closers = append(b.closers, b.reference.stop)
	return b, nil
}

func (b *bench) stop() {
	for _, f := range slices.Backward(b.closers) {
		f()
	}
}

// prepare logs users in and draws what is to be read.
func (b *bench) prepare(drawings []drawing.Content, sessions int) error {
	for _, c := range drawings {
		b.bodies = append(b.bodies, encode(c))
	}
	for range sessions {
		body, err := b.login()
		if err != nil {
			return err
		}
		answer, err := b.ours.do(http.MethodPost, "/v1/session", "", body)
		if err != nil {
			return err
		}
		var opened struct{ Token string }
		if err := json.Unmarshal(answer, &opened); err != nil {
			return err
		}
		b.tokens = append(b.tokens, opened.Token)
		// What the reference hands out is as long as what we hand out.
		session, err := b.ours.do(http.MethodGet, "/v1/session", opened.Token, nil)
		if err != nil {
			return err
		}
		if err := b.redis.Set(context.Background(), "reference:Bearer "+opened.Token, session, time.Hour).Err(); err != nil {
			return err
		}
	}
	for i := range 100 {
		id := uuid.NewString()
		b.ids = append(b.ids, id)
		for _, p := range []*program{b.ours, b.reference} {
			if _, err := p.do(http.MethodPut, "/v1/drawings/"+id, b.tokens[0], b.bodies[i%len(b.bodies)]); err != nil {
				return err
			}
		}
	}
	return nil
}

// login mints a code and returns the body of a login with it.
func (b *bench) login() ([]byte, error) {
	b.next++
	response, err := http.Post(b.phone, "application/json", strings.NewReader(fmt.Sprintf(`{"user":"user %d"}`, b.next)))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var phone struct{ Code string }
	if err := json.NewDecoder(response.Body).Decode(&phone); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]string{"code": phone.Code})
}

// row is one kind of request. Its requests are made before the clock runs.
type row struct {
	name    string
	request func(i int) (method, path, token string, body []byte, err error)
}

func (b *bench) rows() []row {
	return []row{
		{"session, hot", func(int) (string, string, string, []byte, error) {
			return http.MethodGet, "/v1/session", b.tokens[0], nil, nil
		}},
		{fmt.Sprintf("session, %d in random order", len(b.tokens)), func(int) (string, string, string, []byte, error) {
			b.next = (b.next*1103515245 + 12345) & 0x7fffffff
			return http.MethodGet, "/v1/session", b.tokens[b.next%len(b.tokens)], nil, nil
		}},
		{"log in", func(int) (string, string, string, []byte, error) {
			body, err := b.login()
			return http.MethodPost, "/v1/session", "", body, err
		}},
		{"GET drawing", func(i int) (string, string, string, []byte, error) {
			return http.MethodGet, "/v1/drawings/" + b.ids[i%len(b.ids)], b.tokens[0], nil, nil
		}},
		{"list of 20 with thumbnails", func(int) (string, string, string, []byte, error) {
			return http.MethodGet, "/v1/drawings?limit=20", b.tokens[0], nil, nil
		}},
		{"PUT drawing", func(i int) (string, string, string, []byte, error) {
			return http.MethodPut, "/v1/drawings/" + uuid.NewString(), b.tokens[1], b.bodies[i%len(b.bodies)], nil
		}},
	}
}

// measure alternates between the programs and prints the medians.
func (r row) measure(b *bench, rounds, requests int) error {
	var ours, reference, ratios []float64
	for range rounds {
		our, err := r.round(b.ours, requests)
		if err != nil {
			return fmt.Errorf("ours: %w", err)
		}
		its, err := r.round(b.reference, requests)
		if err != nil {
			return fmt.Errorf("reference: %w", err)
		}
		ours, reference, ratios = append(ours, our), append(reference, its), append(ratios, our/its)
	}
	fmt.Printf("%-36s %9.0f µs %9.0f µs %6.2f × %.2f to %.2f\n", r.name,
		median(ours), median(reference), median(ratios), slices.Min(ratios), slices.Max(ratios))
	return nil
}

// round returns the CPU time a request took the program, in µs.
func (r row) round(p *program, requests int) (float64, error) {
	type prepared struct {
		method, path, token string
		body                []byte
	}
	all := make([]prepared, requests)
	for i := range all {
		var err error
		if all[i].method, all[i].path, all[i].token, all[i].body, err = r.request(i); err != nil {
			return 0, err
		}
	}
	before, err := p.cpu()
	if err != nil {
		return 0, err
	}
	for _, q := range all {
		if _, err := p.do(q.method, q.path, q.token, q.body); err != nil {
			return 0, err
		}
	}
	after, err := p.cpu()
	return float64((after - before).Microseconds()) / float64(requests), err
}

func median(v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return sorted[len(sorted)/2]
}

// encode writes a drawing as a client sends it.
func encode(c drawing.Content) []byte {
	strokes := make([]map[string]any, len(c.Strokes))
	for i, s := range c.Strokes {
		strokes[i] = map[string]any{"tool": s.Tool, "color": s.Color, "width": s.Width, "x": s.X, "y": s.Y, "t": s.T}
	}
	var b bytes.Buffer
	_ = json.NewEncoder(&b).Encode(map[string]any{ // plain data
		"title": c.Title, "format": drawing.Format, "strokes": strokes,
		"canvas": map[string]int{"width": c.Canvas.Width, "height": c.Canvas.Height},
	})
	return b.Bytes()
}

// do sends a request and reads the answer, which must be a success.
func (p *program) do(method, path, token string, body []byte) ([]byte, error) {
	r, err := http.NewRequest(method, p.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPut {
		r.Header.Set("If-None-Match", "*")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %.300s", method, path, response.Status, answer)
	}
	return answer, err
}
