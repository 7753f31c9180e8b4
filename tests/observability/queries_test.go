package observability

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"onestroke/tests/root"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// picture is a file for the picture of the dashboard, with the data of three
// minutes: docs/observability.md has it.
var picture = flag.String("picture", "", "use the service for three minutes and draw the dashboard into this `file`")

// A result is what a query gives; see tests/promql.
type result struct {
	Query, Alert, Error string
	Series, Operand     []series
}

type series struct {
	Labels map[string]string
	Points []point
}

type point struct {
	At    int64 // Unix milliseconds
	Value float64
}

type scrape struct {
	At   int64 // Unix milliseconds
	Text string
}

// run runs queries, and those of the alert rules, with Prometheus' own engine.
func run(t *testing.T, scrapes []scrape, queries []string) (results []result) {
	t.Helper()
	input, err := json.Marshal(map[string]any{"Scrapes": scrapes, "Queries": queries, "Rules": filepath.Join(root.Dir(), "deploy/prometheus/alerts.yml")})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "tool", "promql")
	cmd.Dir = filepath.Join(root.Dir(), "tests/promql")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath") // as make build
	var problems bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &problems
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &problems)
	}
	if err := json.Unmarshal(output, &results); err != nil {
		t.Fatal(err)
	}
	return results
}

// panel is a panel of the dashboard.
type panel struct {
	Title   string
	Targets []struct{ Expr, LegendFormat string }
	Field   struct {
		Defaults struct{ Unit string }
	} `json:"fieldConfig"`
}

func dashboard(t *testing.T) (panels []panel) {
	t.Helper()
	text := read(t, "deploy/prometheus/dashboard.json")
	var d struct{ Panels []panel }
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d.Panels
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root.Dir(), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks are the queries in a page.
var blocks = regexp.MustCompile("(?s)```promql\n(.*?)\n```")

func queriesOf(page string) (queries []string) {
	for _, block := range blocks.FindAllStringSubmatch(page, -1) {
		queries = append(queries, block[1])
	}
	return queries
}

// neverFull is the alert whose query has no result, because no store here is full:
// TestOutcomes in impl/telemetry has what it is about.
const neverFull = "OnestrokeStoreFull"

// Every query of the dashboard, the alerts and the pages is run on what the running
// program shows, which includes an outage of Redis. Only where a comparison says that
// all is well may the result be empty.
func TestEveryQueryHasAnAnswer(t *testing.T) {
	var queries []string
	for _, p := range dashboard(t) {
		for _, target := range p.Targets {
			queries = append(queries, target.Expr)
		}
	}
	english, chinese := queriesOf(read(t, "docs/observability.md")), queriesOf(read(t, "docs/observability.zh-CN.md"))
	if len(english) < 10 || strings.Join(english, "\n") != strings.Join(chinese, "\n") {
		t.Errorf("the pages ask %q and %q", english, chinese)
	}
	results := run(t, withUp(scrapesWithOutage(t)), append(queries, english...))
	results = slices.DeleteFunc(results, func(r result) bool { return r.Alert == neverFull && r.Error == "" })
	fired := map[string]bool{}
	for _, r := range results {
		switch {
		case r.Error != "":
			t.Errorf("%s: %s", r.Query, r.Error)
		case len(r.Operand) == 0:
			t.Errorf("%s: no result", r.Query)
		}
		if r.Alert == "OnestrokeIsDown" && len(r.Series) > 0 && len(r.Series[0].Points) != 1 {
			t.Errorf("%s fires while the service answers: %v", r.Alert, r.Series)
		}
		if r.Alert != "" && len(r.Series) > 0 {
			fired[r.Alert] = true
		}
	}
	for _, alert := range []string{"OnestrokeIsDown", "OnestrokeFails", "OnestrokeStoreAway", "OnestrokeStoreNotAsked", "OnestrokeHasNoRoom", "OnestrokeWeChatMisconfigured"} {
		if !fired[alert] {
			t.Errorf("%s does not fire while Redis is away, the secret is wrong, a body takes too much memory, and at last nothing answers", alert)
		}
	}
	// OnestrokeIsSlow may fire: a request waits for Redis, for longer on a busy machine.
	for _, alert := range []string{"OnestrokeWeChatAway", "OnestrokeNearItsLimit", "OnestrokeLosesLogLines"} {
		if fired[alert] {
			t.Errorf("%s fires though nothing of that kind is wrong", alert)
		}
	}
}

// A replica that is not ready answers each probe with 503, and no user sees it.
func TestProbesThatFailAreNoRequestsThatFail(t *testing.T) {
	redis, err := stores.StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, "REDIS_URL="+redis.URL)
	if err := redis.Stop(); err != nil {
		t.Fatal(err)
	}
	var scrapes []scrape
	for round := range int64(8) {
		eventually(t, "readiness ends", func() bool {
			return p.Nobody().Do(t, http.MethodGet, "/readyz", nil).Status == http.StatusServiceUnavailable
		})
		p.Nobody().Do(t, http.MethodGet, "/v1/session", nil).Expect(t, http.StatusUnauthorized)
		scrapes = append(scrapes, scrape{time.Now().UnixMilli() + round*(30*time.Second).Milliseconds(), p.scrape(t)})
	}
	results := run(t, scrapes, nil)
	i := slices.IndexFunc(results, func(r result) bool { return r.Alert == "OnestrokeFails" })
	if i < 0 || results[i].Error != "" || len(results[i].Series) > 0 {
		t.Errorf("OnestrokeFails fires for probes: %+v", results)
	}
}

// scrapesWithOutage uses a service, during the last rounds without its Redis. The times
// are half a minute apart, as if a Prometheus had scraped it: a query looks at five
// minutes.
func scrapesWithOutage(t *testing.T) (scrapes []scrape) {
	t.Helper()
	redis, err := stores.StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, "REDIS_URL="+redis.URL, "SHARE_RATE_PER_MINUTE=10", "MAX_BODY_MEMORY=65536", "TRUSTED_PROXIES=127.0.0.1")
	at := time.Now().UnixMilli()
	for round := range 8 {
		if round == 5 {
			if err := redis.Stop(); err != nil {
				t.Fatal(err)
			}
		}
		if round < 5 {
			refuse(t, p.Service, use(t, p.Service))
			tooLarge(t, p, p.LogIn(t, service.NewUser()))
			code := p.Phone(t, service.NewUser(), map[string]any{"errcode": 40125}).Code
			p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]string{"code": code}).Expect(t, http.StatusInternalServerError)
		} else {
			for range 5 {
				p.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]string{"code": newID()}).Expect(t, http.StatusServiceUnavailable)
			}
		}
		scrapes = append(scrapes, scrape{at, p.scrape(t)})
		at += (30 * time.Second).Milliseconds()
	}
	return scrapes
}

// withUp adds what Prometheus itself notes of each scrape, and one that nothing answered.
func withUp(scrapes []scrape) []scrape {
	for i := range scrapes {
		scrapes[i].Text += "up{job=\"onestroke\"} 1\n"
	}
	last := scrapes[len(scrapes)-1].At
	return append(scrapes, scrape{last + (30 * time.Second).Milliseconds(), "up{job=\"onestroke\"} 0\n"})
}

// refuse asks for a shared drawing until the limit of an address refuses it.
func refuse(t *testing.T, s service.Service, token string) {
	t.Helper()
	visitor := s.With(http.Header{"X-Forwarded-For": {"203.0.113.9"}})
	for range 400 {
		if visitor.Do(t, http.MethodGet, "/v1/shared/"+token, nil).Status == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("the limit of an address refuses nothing")
}
