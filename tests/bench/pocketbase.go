package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"onestroke/impl/drawing/render"
)

const (
	drawingsPerUser = 100
	fewStored       = 30 // drawings
	manyStored      = 20_000
	fillConnections = 16
)

// gallery is a program with users and their drawings.
type gallery struct {
	*program
	users    []user
	requests map[string]func(u user) []byte // creates a request of a user, by the name of the row
}

// user is a user of a program, with drawings.
type user struct {
	ID       string // of PocketBase's only
	Token    string
	Drawings []string // their IDs
}

func (u user) someDrawing() string { return u.Drawings[rand.IntN(len(u.Drawings))] }

// make makes the requests of a round, each of a user taken at random.
func (g gallery) make(row string, n int) (requests [][]byte) {
	for range n {
		requests = append(requests, g.requests[row](g.users[rand.IntN(len(g.users))]))
	}
	return requests
}

// galleryRow is one kind of request to a gallery.
type galleryRow struct {
	name     string
	requests int     // a round
	aim      float64 // times PocketBase, at most
}

// galleryRows begin with the rows that only read, so that these find as many drawings
// as were filled in.
var galleryRows = []galleryRow{
	{"list of 20 with thumbnails", 100, 0.2},
	{"get", 100, 0.2},
	{"save", 60, 0.5},
}

// ourRequests are the requests to the service.
func (b *bench) ourRequests() map[string]func(user) []byte {
	return map[string]func(user) []byte{
		"list of 20 with thumbnails": func(u user) []byte {
			return request(http.MethodGet, "/v1/drawings?limit=20", bearer(u.Token), nil)
		},
		"get": func(u user) []byte {
			return request(http.MethodGet, "/v1/drawings/"+u.someDrawing(), bearer(u.Token), nil)
		},
		"save": func(u user) []byte {
			return creation(uuid.NewString(), bearer(u.Token), b.bodies[rand.IntN(len(b.bodies))])
		},
	}
}

// pocketBaseRequests are the requests to PocketBase. The list selects only the shown
// fields and skips the total count.
func pocketBaseRequests(records []record) map[string]func(user) []byte {
	const path = "/api/collections/drawings/records"
	return map[string]func(user) []byte{
		"list of 20 with thumbnails": func(u user) []byte {
			return request(http.MethodGet, path+"?perPage=20&sort=-created&skipTotal=1&fields=id,title,created,updated,thumbnail", bearer(u.Token), nil)
		},
		"get": func(u user) []byte {
			return request(http.MethodGet, path+"/"+u.someDrawing(), bearer(u.Token), nil)
		},
		"save": func(u user) []byte {
			r := records[rand.IntN(len(records))]
			r.Owner = u.ID
			body, _ := json.Marshal(r) // cannot fail: plain data
			return request(http.MethodPost, path, bearer(u.Token), body)
		},
	}
}

// record is a drawing as a client of PocketBase sends it: as one of the service
// does, with a thumbnail of its own making.
type record struct {
	Owner     string          `json:"owner,omitempty"`
	Title     string          `json:"title"`
	Content   json.RawMessage `json:"content"`
	Thumbnail string          `json:"thumbnail"`
}

// records are the drawings.
func (b *bench) records() (all []record) {
	for i, c := range b.drawings {
		c = c.Normalize()
		all = append(all, record{Title: c.Title, Content: b.bodies[i], Thumbnail: render.Thumbnail(c.Canvas, c.Strokes)})
	}
	return all
}

// comparePocketBase prints the cost of requests for the service with its default store
// and for PocketBase, with few and with many drawings stored.
func (b *bench) comparePocketBase(rounds, stored int) error {
	galleries, version, err := b.openGalleries(stored)
	if err != nil {
		return err
	}
	together, err := b.apart(programsOf(galleries)...)
	if err != nil {
		return err
	}
	defer together()
	fmt.Printf("\nThe default store beside PocketBase %s: CPU time a request, median of %d rounds, and p50 of the answers.\n", version, rounds)
	fmt.Printf("By default an answered save survives a power cut here (synchronous=FULL), and may not there (NORMAL); both use WAL.\n\n")
	fmt.Printf("%-41s %10s %10s %8s %6s  %-14s %10s %10s\n", "", "ours", "PocketBase", "ratio", "aim", "spread", "p50 ours", "PocketBase")
	for _, r := range galleryRows {
		busy, err := r.measureBusy(rounds, galleries)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		cpu, p50, err := r.measure(rounds, galleries)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		for i, n := range []int{fewStored, stored} {
			ours, theirs := 2*i, 2*i+1
			over := ratios(cpu[ours], cpu[theirs])
			fmt.Printf("%-41s %7.0f µs %7.0f µs %6.2f × %6.2f  %.2f to %.2f   %10v %10v\n", fmt.Sprintf("%s, of %d", r.name, n),
				median(cpu[ours]), median(cpu[theirs]), median(over), r.aim, slices.Min(over), slices.Max(over), p50[ours], p50[theirs])
			over = ratios(busy[ours], busy[theirs])
			fmt.Printf("%-41s %7.0f µs %7.0f µs %6.2f × %6.2f  %.2f to %.2f\n", fmt.Sprintf("  with %d connections", busyConnections),
				median(busy[ours]), median(busy[theirs]), median(over), r.aim, slices.Min(over), slices.Max(over))
		}
		fmt.Printf("  of %d over of %d: ours %s, aim 1.10; PocketBase %s\n", stored, fewStored,
			spread(ratios(cpu[2], cpu[0])), spread(ratios(cpu[3], cpu[1])))
	}
	return nil
}

// measure alternates between the galleries. It returns for each the cost of a request
// in each round, in µs, and the median latency. The first round is a warm-up and does
// not count.
func (r galleryRow) measure(rounds int, galleries []gallery) (cpu [][]float64, p50 []time.Duration, err error) {
	cpu = make([][]float64, len(galleries))
	answers := make([]latencies, len(galleries))
	for round := range rounds + 1 {
		requests := make([][][]byte, len(galleries))
		for i, g := range galleries {
			requests[i] = g.make(r.name, r.requests)
		}
		costs, err := takeTurns(programsOf(galleries), requests)
		if err != nil {
			return nil, nil, err
		}
		if round == 0 {
			continue
		}
		for i, c := range costs {
			cpu[i] = append(cpu[i], c.perRequest())
			answers[i] = append(answers[i], c.answers...)
		}
	}
	for _, a := range answers {
		slices.Sort(a)
		p50 = append(p50, a.at(0.5))
	}
	return cpu, p50, nil
}

// measureBusy returns the same costs with [busyConnections].
func (r galleryRow) measureBusy(rounds int, galleries []gallery) (cpu [][]float64, err error) {
	cpu = make([][]float64, len(galleries))
	for round := range rounds + 1 {
		for i, g := range galleries {
			requests := g.make(r.name, busyTimes*r.requests)
			c, _, err := g.keepBusy(requests)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				cpu[i] = append(cpu[i], c.perRequest())
			}
		}
	}
	return cpu, nil
}

func programsOf(galleries []gallery) (programs []*program) {
	for _, g := range galleries {
		programs = append(programs, g.program)
	}
	return programs
}

func ratios(first, second []float64) (all []float64) {
	for i := range first {
		all = append(all, first[i]/second[i])
	}
	return all
}

// openGalleries starts the service and PocketBase with few drawings, and then
// both with many, and returns PocketBase's version.
func (b *bench) openGalleries(stored int) (galleries []gallery, version string, err error) {
	ours, err := build(b.ctx, b.dir, "onestroke", ".")
	if err != nil {
		return nil, "", err
	}
	theirs, err := build(b.ctx, b.dir, "pocketbase", "tests/bench/pocketbase")
	if err != nil {
		return nil, "", err
	}
	if version, err = versionIn(theirs, "github.com/pocketbase/pocketbase"); err != nil {
		return nil, "", err
	}
	records := b.records()
	for _, n := range []int{fewStored, stored} {
		first, err := b.openOurs(ours, "ours", n)
		if err != nil {
			return nil, "", err
		}
		p, err := b.startIn(theirs, "theirs", n)
		if err != nil {
			return nil, "", err
		}
		second := gallery{program: p, requests: pocketBaseRequests(records)}
		if second.users, err = fillPocketBase(p, records, n); err != nil {
			return nil, "", fmt.Errorf("fill %s: %w", p.name, err)
		}
		galleries = append(galleries, first, second)
	}
	return galleries, version, nil
}

// openOurs starts the service on its default store, with n drawings.
func (b *bench) openOurs(binary, name string, n int) (g gallery, err error) {
	p, err := b.startIn(binary, name, n)
	if err != nil {
		return g, err
	}
	g = gallery{program: p, requests: b.ourRequests()}
	if g.users, err = b.fillOurs(p, n); err != nil {
		return g, fmt.Errorf("fill %s: %w", p.name, err)
	}
	return g, nil
}

// startIn starts a program in a new folder for n drawings.
func (b *bench) startIn(binary, name string, n int) (*program, error) {
	folder := filepath.Join(b.dir, fmt.Sprintf("%s of %d", name, n))
	p, err := start(b.ctx, binary, append(slices.Clone(b.env), "REDIS_URL=", "MONGODB_URI=", "DATA_DIR="+folder, "GOMAXPROCS=1")...)
	if err != nil {
		return nil, err
	}
	b.add(p.stop)
	return p, nil
}

// fillOurs logs users in and saves n drawings.
func (b *bench) fillOurs(p *program, n int) (users []user, err error) {
	c, err := dial(p.address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	for len(users)*drawingsPerUser < n {
		logIn, err := b.logIn()
		if err != nil {
			return nil, err
		}
		answer, err := c.do(logIn)
		if err != nil {
			return nil, err
		}
		var u user
		if err := json.Unmarshal(answer, &u); err != nil {
			return nil, err
		}
		users = append(users, u)
	}
	var filling errgroup.Group
	filling.SetLimit(fillConnections)
	for i := range users {
		filling.Go(func() error {
			c, err := dial(p.address)
			if err != nil {
				return err
			}
			defer c.Close()
			for at := i * drawingsPerUser; at < min((i+1)*drawingsPerUser, n); at++ {
				id := uuid.NewString()
				if _, err := c.do(creation(id, bearer(users[i].Token), b.bodies[at%len(b.bodies)])); err != nil {
					return err
				}
				users[i].Drawings = append(users[i].Drawings, id)
			}
			return nil
		})
	}
	return users, filling.Wait()
}

// fillPocketBase makes the program create users and n drawings.
func fillPocketBase(p *program, records []record, n int) (users []user, err error) {
	var body bytes.Buffer
	lines := json.NewEncoder(&body)
	for begin := 0; begin < n; begin += drawingsPerUser {
		var drawings []record
		for at := begin; at < min(begin+drawingsPerUser, n); at++ {
			drawings = append(drawings, records[at%len(records)])
		}
		if err := lines.Encode(drawings); err != nil {
			return nil, err
		}
	}
	c, err := dial(p.address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	answer, err := c.do(request(http.MethodPost, "/fill", "", body.Bytes()))
	if err != nil {
		return nil, err
	}
	return users, json.Unmarshal(answer, &users)
}

// versionIn returns the version of a module that a program was built with.
func versionIn(binary, module string) (string, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return "", err
	}
	for _, m := range info.Deps {
		if m.Path == module {
			return m.Version, nil
		}
	}
	return "", fmt.Errorf("%s has no %s", binary, module)
}
