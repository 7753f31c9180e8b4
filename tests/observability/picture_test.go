package observability

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"onestroke/tests/stores"
)

// TestPictureOfTheDashboard draws the dashboard as an SVG, with the data of three
// minutes if the flag -picture asks for it, and of a few rounds otherwise.
func TestPictureOfTheDashboard(t *testing.T) {
	panels := dashboard(t)
	var queries []string
	for _, p := range panels {
		queries = append(queries, p.Targets[0].Expr)
	}
	var scrapes []scrape
	if *picture == "" {
		scrapes = scrapesWithOutage(t)
	} else {
		scrapes = scrapesOfMinutes(t)
	}
	results := run(t, scrapes, queries)[:len(panels)]
	var svg strings.Builder
	const columns, width, height = 3, 400, 210
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">`+"\n", columns*width, (len(panels)+columns-1)/columns*height)
	svg.WriteString(`<rect width="100%" height="100%" fill="#f4f5f5"/>` + "\n")
	for i, p := range panels {
		fmt.Fprintf(&svg, `<g transform="translate(%d %d)">`+"\n", i%columns*width, i/columns*height)
		draw(&svg, p, results[i].Series, scrapes[0].At, scrapes[len(scrapes)-1].At)
		svg.WriteString("</g>\n")
	}
	svg.WriteString("</svg>\n")
	if n := strings.Count(svg.String(), "<polyline"); n < len(panels) {
		t.Errorf("%d lines in %d panels", n, len(panels))
	}
	if *picture != "" {
		if err := os.WriteFile(*picture, []byte(svg.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// scrapesOfMinutes uses a service for three minutes. Its Redis is away in the last half
// minute.
func scrapesOfMinutes(t *testing.T) (scrapes []scrape) {
	redis, err := stores.StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, "REDIS_URL="+redis.URL, "SHARE_RATE_PER_MINUTE=300", "TRUSTED_PROXIES=127.0.0.1")
	const rounds, every = 60, 3 * time.Second
	tick := time.NewTicker(every)
	defer tick.Stop()
	for round := range rounds {
		switch {
		case round < rounds*5/6:
			// Some rounds have more users than others.
			for range 1 + round%7 {
				use(t, p.Service)
			}
			if round%10 == 5 {
				refuse(t, p.Service, use(t, p.Service))
			}
		case round == rounds*5/6:
			if err := redis.Stop(); err != nil {
				t.Fatal(err)
			}
		default:
			p.Nobody().Do(t, "POST", "/v1/session", map[string]string{"code": newID()})
		}
		<-tick.C
		scrapes = append(scrapes, scrape{time.Now().UnixMilli(), p.scrape(t)})
	}
	return scrapes
}

var colors = []string{"#7eb26d", "#e0a800", "#3f9ec9", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0"}

// most is how many lines a panel shows: those with the highest last value.
const most = 6

func draw(svg *strings.Builder, p panel, all []series, from, to int64) {
	const left, top, right, bottom = 46, 28, 388, 130
	fmt.Fprintf(svg, `<rect x="4" y="4" width="392" height="202" rx="3" fill="#fff" stroke="#dcdcde"/><text x="12" y="20" font-weight="bold">%s</text>`+"\n", html.EscapeString(p.Title))
	highest := 0.0
	for _, s := range all {
		for _, point := range s.Points {
			highest = max(highest, point.Value)
		}
	}
	shown := slices.Clone(all)
	slices.SortStableFunc(shown, func(a, b series) int {
		return cmp.Compare(b.Points[len(b.Points)-1].Value, a.Points[len(a.Points)-1].Value)
	})
	shown = shown[:min(len(shown), most)]
	if highest == 0 {
		highest = 1
	}
	for i := range 3 {
		y := bottom - (bottom-top)*i/2
		fmt.Fprintf(svg, `<path d="M%d %dH%d" stroke="#ececed"/><text x="%d" y="%d" text-anchor="end" fill="#6e6e73" font-size="9">%s</text>`+"\n",
			left, y, right, left-4, y+3, inUnit(highest*float64(i)/2, p.Field.Defaults.Unit))
	}
	for i, s := range shown {
		var line strings.Builder
		for _, point := range s.Points {
			x := left + float64(right-left)*float64(point.At-from)/float64(to-from)
			fmt.Fprintf(&line, "%.1f,%.1f ", x, bottom-float64(bottom-top)*point.Value/highest)
		}
		color := colors[i%len(colors)]
		fmt.Fprintf(svg, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/>`+"\n", strings.TrimSpace(line.String()), color)
		x, y := 14+i%2*192, 148+i/2*18
		fmt.Fprintf(svg, `<path d="M%d %dh10" stroke="%s" stroke-width="3"/><text x="%d" y="%d" font-size="9">%s</text>`+"\n",
			x, y-3, color, x+14, y, html.EscapeString(legend(p, s)))
	}
}

var placeholder = regexp.MustCompile(`{{(\w+)}}`)

func legend(p panel, s series) string {
	text := placeholder.ReplaceAllStringFunc(p.Targets[0].LegendFormat, func(name string) string {
		return s.Labels[placeholder.FindStringSubmatch(name)[1]]
	})
	if text = strings.TrimSpace(text); text == "" {
		text = "this replica" // the scraper adds instance
	}
	return text
}

func inUnit(v float64, unit string) string {
	digits := func(v float64) string {
		return fmt.Sprintf("%.*f", max(0, 2-int(math.Floor(math.Log10(max(v, 0.001))))-1), v)
	}
	switch {
	case v == 0:
		return "0"
	case unit == "s" && v < 1:
		return digits(v*1000) + " ms"
	case unit == "s":
		return digits(v) + " s"
	case unit == "bytes":
		return fmt.Sprintf("%.0f MB", v/1e6)
	case unit == "percentunit":
		return digits(v*100) + "%"
	case unit == "reqps":
		return digits(v) + "/s"
	default:
		return digits(v)
	}
}
