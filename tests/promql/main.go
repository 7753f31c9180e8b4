// Promql runs queries on scrapes of /metrics with Prometheus' own engine. It reads
// a [Request] from standard input and writes a list of [Result] to standard
// output, both as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
)

// Request is what to run.
type Request struct {
	Scrapes []Scrape
	Queries []string
	Rules   string // a file with rules, whose queries are run, too
}

// Scrape is the text of /metrics at a time.
type Scrape struct {
	At   int64 // Unix milliseconds
	Text string
}

// Result is what a query gives.
type Result struct {
	Query   string
	Alert   string // the name of the rule; empty for one of Queries
	Error   string
	Series  []Series
	Operand []Series // what is compared, if the query is a comparison, and Series otherwise
}

// Series is one line of a graph: a value for each scrape. NaN and infinite
// values are left out.
type Series struct {
	Labels map[string]string
	Points []Point
}

// Point is a value at a time.
type Point struct {
	At    int64 // Unix milliseconds
	Value float64
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "promql:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	var request Request
	if err := json.NewDecoder(in).Decode(&request); err != nil {
		return err
	}
	db := stored{}
	for _, s := range request.Scrapes {
		if err := db.add(s); err != nil {
			return err
		}
	}
	runner := runner{db: db.queryable(), engine: promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute}), scrapes: request.Scrapes}
	var results []Result
	for _, q := range request.Queries {
		results = append(results, runner.run("", q))
	}
	alerts, err := rules(request.Rules)
	if err != nil {
		return err
	}
	for _, rule := range alerts {
		results = append(results, runner.run(rule.Alert, rule.Expr))
	}
	return json.NewEncoder(out).Encode(results)
}

// rules returns the rules in a file, if there is one.
func rules(file string) (all []rulefmt.Rule, err error) {
	if file == "" {
		return nil, nil
	}
	groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), promslog.NewNopLogger())
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	for _, g := range groups.Groups {
		all = append(all, g.Rules...)
	}
	return all, nil
}

// stored are the series of all scrapes, by their labels.
type stored map[string]*promql.Series

func (s stored) add(scrape Scrape) error {
	p, err := textparse.New([]byte(scrape.Text), "text/plain; version=0.0.4", labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return err
	}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var l labels.Labels
		_, _, value := p.Series()
		p.Labels(&l)
		key := l.String()
		if s[key] == nil {
			s[key] = &promql.Series{Metric: l}
		}
		s[key].Floats = append(s[key].Floats, promql.FPoint{T: scrape.At, F: value})
	}
}

// queryable is what the engine reads. It is not Prometheus' database, which is built
// together with the clients of all clouds.
func (s stored) queryable() storage.Queryable {
	return &storage.MockQueryable{MockQuerier: &storage.MockQuerier{SelectMockFunction: s.find}}
}

func (s stored) find(_ bool, _ *storage.SelectHints, wanted ...*labels.Matcher) storage.SeriesSet {
	all := found{SeriesSet: storage.EmptySeriesSet()}
	for _, key := range slices.Sorted(maps.Keys(s)) {
		series := s[key]
		differs := func(m *labels.Matcher) bool { return !m.Matches(series.Metric.Get(m.Name)) }
		if !slices.ContainsFunc(wanted, differs) {
			all.series = append(all.series, promql.NewStorageSeries(*series))
		}
	}
	return &all
}

// found are the series that a query reads, one after the other.
type found struct {
	storage.SeriesSet // tells that nothing went wrong
	series            []storage.Series
	read              int
}

func (f *found) Next() bool         { f.read++; return f.read <= len(f.series) }
func (f *found) At() storage.Series { return f.series[f.read-1] }

type runner struct {
	db      storage.Queryable
	engine  *promql.Engine
	scrapes []Scrape
}

func (r runner) run(alert, query string) Result {
	result := Result{Query: query, Alert: alert}
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err == nil {
		result.Series, err = r.series(query)
	}
	result.Operand = result.Series
	if comparison, ok := expr.(*parser.BinaryExpr); ok && comparison.Op.IsComparisonOperator() && err == nil {
		result.Operand, err = r.series(comparison.LHS.String())
	}
	if err != nil {
		result.Error = err.Error()
	}
	return result
}

// series runs a query at the time of each scrape.
func (r runner) series(query string) ([]Series, error) {
	byLabels := map[string]*Series{}
	var order []string
	for _, s := range r.scrapes {
		q, err := r.engine.NewInstantQuery(context.Background(), r.db, nil, query, time.UnixMilli(s.At))
		if err != nil {
			return nil, err
		}
		result := q.Exec(context.Background())
		if result.Err != nil {
			return nil, result.Err
		}
		vector, err := result.Vector()
		if err != nil {
			return nil, err
		}
		for _, sample := range vector {
			if math.IsNaN(sample.F) || math.IsInf(sample.F, 0) {
				continue
			}
			key := sample.Metric.String()
			if byLabels[key] == nil {
				byLabels[key] = &Series{Labels: sample.Metric.Map()}
				order = append(order, key)
			}
			byLabels[key].Points = append(byLabels[key].Points, Point{s.At, sample.F})
		}
		q.Close()
	}
	all := make([]Series, 0, len(order))
	for _, key := range order {
		all = append(all, *byLabels[key])
	}
	return all, nil
}
