package history

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// TestDrawingsHold has many programs of a few users draw while every seventh
// command to MongoDB fails in one of the ways in which a replica set fails. An answer is what was asked for, or a 503 that the contract documents;
// nothing that was answered is lost, and nothing is done twice.
func TestDrawingsHold(t *testing.T) {
	const owners, programs, steps, every = 4, 6, 15, 7
	ways := []stores.Fault{
		{Done: true},            // the answer is lost
		{Code: 10107},           // NotWritablePrimary
		{Code: 64, Done: true},  // WriteConcernFailed
		{Code: 91},              // ShutdownInProgress
		{Code: 133},             // FailedToSatisfyReadPreference
		{Code: 112},             // WriteConflict
		{Code: 189, Done: true}, // PrimarySteppedDown, before a majority has it
	}
	var commands atomic.Int64
	var failing atomic.Bool
	mongodb := &stores.ReplicaSet{Fault: func(string) stores.Fault {
		if n := commands.Add(1); failing.Load() && n%every == 0 {
			return ways[n/every%int64(len(ways))]
		}
		return stores.Fault{}
	}}
	s := service.Start(t, service.Options{RedisURL: stores.Redis(t)[0].URL, MongoDBURI: mongodb.Start(t), DrawingQuota: 1000})

	var all []*program
	for range owners {
		caller := s.LogIn(t, service.NewUser())
		for range programs {
			all = append(all, &program{caller: caller, id: uuid.New(), could: states{{}: true}, answers: map[int]int{}})
		}
	}
	failing.Store(true)
	var running sync.WaitGroup
	for _, p := range all {
		running.Go(func() {
			for step := range steps {
				p.act(t, step)
			}
		})
	}
	running.Wait()
	failing.Store(false)

	count := map[int]int{}
	for _, p := range all {
		p.get(t)
		p.list(t)
		for status, n := range p.answers {
			count[status] += n
		}
	}
	t.Logf("%d commands, answers %v", commands.Load(), count)
	for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusNoContent, http.StatusNotFound} {
		if count[status] == 0 {
			t.Errorf("nobody was answered %d", status)
		}
	}
}

// state is that of one drawing. The zero value is that of one that is not there.
type state struct {
	title    string
	revision int32
}

type states map[state]bool

// program changes one drawing, one request at a time.
type program struct {
	caller  service.Caller
	id      gen.UUID
	could   states      // the drawing could be in each of these
	answers map[int]int // by status
}

func (p *program) act(t *testing.T, step int) {
	title := fmt.Sprint("step ", step)
	switch n := rand.IntN(100); {
	case n < 30:
		p.put(t, http.Header{"If-None-Match": {"*"}}, title, func(s state) (state, bool) { return state{title, 1}, s == state{} })
	case n < 60:
		p.put(t, http.Header{"If-Match": {"*"}}, title, func(s state) (state, bool) { return state{title, s.revision + 1}, s != state{} })
	case n < 75:
		p.get(t)
	case n < 90:
		p.list(t)
	default:
		p.delete(t)
	}
}

// put saves the drawing. change says what becomes of a state, and whether the
// precondition holds for it.
func (p *program) put(t *testing.T, precondition http.Header, title string, change func(state) (state, bool)) {
	changed, refused := states{}, states{}
	for s := range p.could {
		if to, ok := change(s); ok {
			changed[to] = true
		} else {
			refused[s] = true
		}
	}
	content := gen.DrawingContent{
		Title: &title, Canvas: gen.Canvas{Width: 10, Height: 10}, Format: gen.Format1,
		Strokes: []gen.Stroke{{Tool: gen.Pen, Color: "#666666", Width: 1, X: []int32{1, 2}, Y: []int32{1, 2}}},
	}
	switch status := p.do(t, http.MethodPut, "/"+p.id.String(), content, precondition).Status; status {
	case http.StatusOK, http.StatusCreated:
		p.found(t, "saved", changed)
	case http.StatusPreconditionFailed:
		p.found(t, "refused", refused)
	case http.StatusServiceUnavailable:
		maps.Copy(p.could, changed)
	default:
		t.Errorf("saved with %d", status)
	}
}

func (p *program) delete(t *testing.T) {
	switch status := p.do(t, http.MethodDelete, "/"+p.id.String(), nil).Status; status {
	case http.StatusNoContent:
		p.could = states{{}: true}
	case http.StatusServiceUnavailable:
		p.could[state{}] = true
	default:
		t.Errorf("deleted with %d", status)
	}
}

func (p *program) get(t *testing.T) {
	switch answer := p.do(t, http.MethodGet, "/"+p.id.String(), nil); answer.Status {
	case http.StatusOK:
		var d gen.Drawing
		answer.Decode(t, &d)
		p.is(t, "got", state{d.Title, d.Revision})
	case http.StatusNotFound:
		p.is(t, "got", state{})
	case http.StatusServiceUnavailable:
	default:
		t.Errorf("got with %d", answer.Status)
	}
}

func (p *program) list(t *testing.T) {
	answer := p.do(t, http.MethodGet, "?limit=100", nil)
	if answer.Status == http.StatusServiceUnavailable {
		return
	}
	answer.Expect(t, http.StatusOK)
	var page gen.DrawingList
	answer.Decode(t, &page)
	listed := map[gen.UUID]state{}
	for _, d := range page.Items {
		if _, twice := listed[d.ID]; twice {
			t.Errorf("%s is listed twice", d.ID)
		}
		listed[d.ID] = state{d.Title, d.Revision}
	}
	p.is(t, "listed", listed[p.id])
}

// is holds what an answer says of the drawing against what it could be.
func (p *program) is(t *testing.T, how string, s state) {
	if !p.could[s] {
		t.Errorf("%s %+v, which could be %v", how, s, slices.Collect(maps.Keys(p.could)))
	}
	p.could = states{s: true}
}

// found narrows down what the drawing could be.
func (p *program) found(t *testing.T, how string, to states) {
	if len(to) == 0 {
		t.Errorf("%s, which could be %v", how, slices.Collect(maps.Keys(p.could)))
		return
	}
	p.could = to
}

func (p *program) do(t *testing.T, method, path string, body any, headers ...http.Header) service.Answer {
	answer := p.caller.Do(t, method, "/v1/drawings"+path, body, headers...)
	p.answers[answer.Status]++
	return answer
}
