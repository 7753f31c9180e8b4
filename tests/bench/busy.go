package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	busyConnections = 32
	// busyTimes is how often the requests of a round are sent, so that a round is long
	// enough to keep all connections busy.
	busyTimes = 5
	// sqliteSessions are logged in one by one.
	sqliteSessions = 20_000
)

// loads of the open loops are parts of what a program answers in a closed loop.
var loads = []float64{0.5, 0.8}

// busyProgram is a program, the accounts in its store, and what was measured of a row.
type busyProgram struct {
	*program
	accounts
	name           string
	cpu, perSecond []float64   // of each round; µs a request
	closed         latencies   // sorted
	open           []latencies // for each of the loads, sorted
	refused        bool        // its store is too slow for so many connections
}

// compareBusy prints the cost of each row with many connections: for the reference,
// the service on Redis and MongoDB, and the service on its default store. Each program
// has one core, as in compare; the other one has the client and the servers. If these
// are busier than the program, a row shows how many requests they can do; the CPU time
// is the program's alone.
func (b *bench) compareBusy(rounds int, only *regexp.Regexp) error {
	sqlite, accounts, err := b.runOnSQLite()
	if err != nil {
		return err
	}
	together, err := b.apart(b.reference, b.ours, sqlite)
	if err != nil {
		return err
	}
	defer together()
	fmt.Printf("\nBusy: CPU time a request with %d connections, median of %d rounds; Redis: %s.\n", busyConnections, rounds, b.stores.redisName)
	fmt.Printf("Latencies are p50, p99 and p99.9 in ms; the open loops have 50 %% and 80 %% of what the program answers in the closed one.\n")
	for i, r := range b.rows(b.accounts) {
		if !only.MatchString(r.operation) {
			continue
		}
		programs := []*busyProgram{
			{program: b.reference, accounts: b.accounts, name: "reference"},
			{program: b.ours, accounts: b.accounts, name: "Redis and MongoDB"},
			{program: sqlite, accounts: accounts, name: "SQLite"},
		}
		if err := b.measureBusy(i, rounds, programs); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		printBusy(r, programs)
	}
	return nil
}

func printBusy(r row, programs []*busyProgram) {
	fmt.Printf("\n%-28s %9s %8s %6s %9s  %-20s %-20s %-20s\n", r.name, "CPU", "ratio", "aim", "a second", "closed loop", "open, 50 %", "open, 80 %")
	reference := programs[0]
	for _, p := range programs {
		if p.refused {
			fmt.Printf("  %-26s refused requests, as its store was too slow\n", p.name)
			continue
		}
		ratio, aim := "", ""
		if p != reference {
			ratio, aim = fmt.Sprintf("%.2f ×", median(ratios(p.cpu, reference.cpu))), fmt.Sprintf("%.2f", r.busy)
		}
		fmt.Printf("  %-26s %6.0f µs %8s %6s %9.0f ", p.name, median(p.cpu), ratio, aim, median(p.perSecond))
		for _, took := range append([]latencies{p.closed}, p.open...) {
			fmt.Printf(" %-20s", fmt.Sprintf("%.2f %.2f %.2f", took.ms(0.5), took.ms(0.99), took.ms(0.999)))
		}
		fmt.Println()
	}
}

// ms returns a percentile in milliseconds.
func (l latencies) ms(part float64) float64 { return float64(l.at(part)) / float64(time.Millisecond) }

// measureBusy has the programs take turns with the row of a number. The first round is
// a warm-up and does not count.
func (b *bench) measureBusy(number, rounds int, programs []*busyProgram) error {
	for round := range rounds + 1 {
		for _, p := range programs {
			if err := b.busyRound(number, p, round > 0); err != nil {
				return err
			}
		}
	}
	for _, p := range programs {
		slices.Sort(p.closed)
	}
	for _, load := range loads {
		for _, p := range programs {
			if err := b.openRound(number, p, load); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) busyRound(number int, p *busyProgram, counts bool) error {
	if p.refused {
		return nil
	}
	requests, err := b.busyRequests(number, p)
	if err != nil {
		return err
	}
	spent, perSecond, err := p.keepBusy(requests)
	if isUnavailable(err) {
		p.refused = true
		return nil
	}
	if err != nil {
		return err
	}
	if counts {
		p.perSecond = append(p.perSecond, perSecond)
		p.cpu = append(p.cpu, spent.perRequest())
		p.closed = append(p.closed, spent.answers...)
	}
	return nil
}

func (b *bench) openRound(number int, p *busyProgram, load float64) error {
	if p.refused {
		return nil
	}
	requests, err := b.busyRequests(number, p)
	if err != nil {
		return err
	}
	took, err := openLoop(p.address, requests, load*median(p.perSecond))
	if isUnavailable(err) {
		p.refused = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	p.open = append(p.open, took)
	return nil
}

// isUnavailable reports whether an answer was 503. The local MongoDB does one query at a
// time, so with many connections some take longer than the service waits.
func isUnavailable(err error) bool {
	var answer statusError
	return errors.As(err, &answer) && answer.status == http.StatusServiceUnavailable
}

// keepBusy sends requests to a program with [busyConnections].
func (p *program) keepBusy(requests [][]byte) (spent cost, perSecond float64, err error) {
	before, err := p.cpu()
	if err != nil {
		return spent, 0, err
	}
	if perSecond, spent.answers, err = closedLoop(p.address, requests, busyConnections); err != nil {
		return spent, 0, fmt.Errorf("%s: %w", p.name, err)
	}
	after, err := p.cpu()
	spent.cpu = after - before
	return spent, perSecond, err
}

func (b *bench) busyRequests(number int, p *busyProgram) (all [][]byte, err error) {
	r := b.rows(p.accounts)[number]
	for range busyTimes {
		requests, err := r.make()
		if err != nil {
			return nil, err
		}
		all = append(all, requests...)
	}
	return all, nil
}

// runOnSQLite returns the service on its default store, which it starts if it does not
// run yet, and its accounts.
func (b *bench) runOnSQLite() (p *program, a accounts, err error) {
	if b.onSQLite != nil {
		return b.onSQLite.program, b.onSQLite.accounts, nil
	}
	p, err = start(b.ctx, b.ours.command.Path, append(b.sqliteEnv(), "GOMAXPROCS=1")...)
	if err != nil {
		return nil, a, err
	}
	b.add(p.stop)
	if a.tokens, err = b.logInMany(p, sqliteSessions); err != nil {
		return nil, a, err
	}
	if err := b.draw(&a, p); err != nil {
		return nil, a, err
	}
	b.onSQLite = &busyProgram{program: p, accounts: a}
	return p, a, nil
}

// sqliteEnv is the environment of the service on its default store.
func (b *bench) sqliteEnv() []string {
	return append(slices.Clone(b.env), "REDIS_URL=", "MONGODB_URI=", "DATA_DIR="+filepath.Join(b.dir, "sqlite"))
}

// logInMany logs n users in, and returns their tokens.
func (b *bench) logInMany(p *program, n int) ([]string, error) {
	requests := make([][]byte, n)
	for i := range requests {
		var err error
		if requests[i], err = b.logIn(); err != nil {
			return nil, err
		}
	}
	var mu sync.Mutex
	var tokens []string
	var next atomic.Int64
	var connections errgroup.Group
	for range fillConnections {
		connections.Go(func() error {
			c, err := dial(p.address)
			if err != nil {
				return err
			}
			defer c.Close()
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				answer, err := c.do(requests[i])
				if err != nil {
					return err
				}
				var login struct{ Token string }
				if err := json.Unmarshal(answer, &login); err != nil {
					return err
				}
				mu.Lock()
				tokens = append(tokens, login.Token)
				mu.Unlock()
			}
			return nil
		})
	}
	return tokens, connections.Wait()
}
