package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"onestroke/impl/rediscache"
)

// few is the number with which many is compared.
const (
	fewDrawings = 10
	fewSessions = 1_000

	latencyConnections = 8
	latencyTimes       = 10 // how often the requests of a round are sent
)

// growth prints the cost of a request with much data, compared with little data.
func (b *bench) growth(rounds, drawings, stored int) error {
	fmt.Printf("\nHow cost grows: CPU time a request, aim 1.10 ×\n\n")
	if err := b.growthOfSessions(rounds); err != nil {
		return err
	}
	sqlite, accounts, err := b.runOnSQLite()
	if err != nil {
		return err
	}
	return errors.Join(
		b.growthOfDrawings("MongoDB", b.ours, b.tokens, rounds, drawings),
		b.growthOfDrawings("SQLite", sqlite, accounts.tokens, rounds, drawings),
		b.growthOfStore(rounds, stored),
	)
}

// activeUsers are those whose drawings are asked for, of all parts of a store.
const activeUsers = 200

// growthOfStore compares the default store with many drawings with one that has few,
// one request at a time.
func (b *bench) growthOfStore(rounds, stored int) error {
	many, err := b.openOurs(b.ours.command.Path, "growth", stored)
	if err != nil {
		return err
	}
	defer many.stop()
	few, err := b.openOurs(b.ours.command.Path, "growth", fewStored)
	if err != nil {
		return err
	}
	defer few.stop()
	if every := len(many.users) / activeUsers; every > 1 {
		var active []user
		for i := 0; i < len(many.users); i += every {
			active = append(active, many.users[i])
		}
		many.users = active
	}
	together, err := b.apart(many.program, few.program)
	if err != nil {
		return err
	}
	defer together()
	// A session that was not used for a minute is renewed, which is a write, however
	// many drawings there are.
	var first [][]byte
	for _, u := range many.users {
		first = append(first, many.requests["get"](u))
	}
	if _, _, err := many.keepBusy(first); err != nil {
		return err
	}
	for _, r := range galleryRows {
		cpu, _, err := r.measure(rounds, []gallery{many, few})
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		printGrowth(fmt.Sprintf("SQLite: %s, of %d stored against %d", r.name, stored, fewStored), cpu[0], cpu[1], ratios(cpu[0], cpu[1]))
	}
	return nil
}

// growthOfSessions reads the same sessions from two Redis databases, one of which has
// many other sessions.
func (b *bench) growthOfSessions(rounds int) error {
	o, err := redis.ParseURL(b.stores.redisURL)
	if err != nil {
		return err
	}
	o.DB = 1
	client := redis.NewClient(o)
	defer client.Close()
	some := b.tokens[:min(fewSessions, len(b.tokens))]
	if err := keepSessions(rediscache.New(client), some); err != nil {
		return err
	}
	small, err := start(b.ctx, b.ours.command.Path, append(slices.Clone(b.env), "GOMAXPROCS=1", "REDIS_URL="+b.stores.redisURL+"/1")...)
	if err != nil {
		return err
	}
	defer small.stop()
	together, err := b.apart(b.ours, small)
	if err != nil {
		return err
	}
	defer together()
	r := row{requests: 1000, next: func(int) ([]byte, error) {
		return request(http.MethodGet, "/v1/session", bearer(some[rand.IntN(len(some))]), nil), nil
	}}
	if err := r.grow(fmt.Sprintf("session, of %d against %d", len(b.tokens), len(some)), rounds, b.ours, small); err != nil {
		return err
	}
	requests, err := r.make()
	if err != nil {
		return err
	}
	var many, few latencies
	var ratios []float64
	for range rounds {
		var p99 [2]time.Duration
		for i, p := range []*program{b.ours, small} {
			_, took, err := closedLoop(p.address, slices.Repeat(requests, latencyTimes), latencyConnections)
			if err != nil {
				return err
			}
			p99[i] = took.at(0.99)
		}
		many, few = append(many, p99[0]), append(few, p99[1])
		ratios = append(ratios, float64(p99[0])/float64(p99[1]))
	}
	slices.Sort(many)
	slices.Sort(few)
	fmt.Printf("  p99 with %d connections %20v %10v   %s\n", latencyConnections, many.at(0.5), few.at(0.5), spread(ratios))
	return nil
}

// growthOfDrawings compares a user who has many drawings with one who has few.
func (b *bench) growthOfDrawings(store string, p *program, tokens []string, rounds, drawings int) error {
	together, err := b.apart(p)
	if err != nil {
		return err
	}
	defer together()
	many, few := bearer(tokens[2]), bearer(tokens[3])
	c, err := dial(p.address)
	if err != nil {
		return err
	}
	defer c.Close()
	ids := map[string][]string{}
	for who, n := range map[string]int{many: drawings, few: fewDrawings} {
		for i := range n {
			id := uuid.NewString()
			ids[who] = append(ids[who], id)
			if _, err := c.do(creation(id, who, b.bodies[i%fewDrawings])); err != nil {
				return err
			}
		}
	}
	for _, r := range []struct {
		name     string
		requests int
		request  func(who string) []byte
	}{
		{"GET drawing", 100, func(who string) []byte {
			return request(http.MethodGet, "/v1/drawings/"+ids[who][rand.IntN(fewDrawings)], who, nil)
		}},
		{"list of 10", 5, func(who string) []byte {
			return request(http.MethodGet, "/v1/drawings?limit=10", who, nil)
		}},
		{"PUT drawing", 50, func(who string) []byte {
			return creation(uuid.NewString(), who, b.bodies[rand.IntN(fewDrawings)])
		}},
	} {
		// One program, and two users who alternate: the second user's requests come first.
		turns := 0
		alternating := row{requests: r.requests, next: func(i int) ([]byte, error) {
			if i == 0 {
				turns++
			}
			return r.request([]string{few, many}[turns%2]), nil
		}}
		name := fmt.Sprintf("%s: %s, of %d against %d", store, r.name, drawings, fewDrawings)
		if err := alternating.grow(name, rounds, p, p); err != nil {
			return err
		}
	}
	return nil
}

// grow prints the cost of a request for the first and the second program.
func (r row) grow(name string, rounds int, many, few *program) error {
	took, err := r.measure(rounds, many, few)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	printGrowth(name, took.first, took.second, took.ratios)
	return nil
}

func printGrowth(name string, many, few, ratios []float64) {
	fmt.Printf("%-38s %7.0f µs %7.0f µs   %s\n", name, median(many), median(few), spread(ratios))
}
