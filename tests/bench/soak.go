package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

const (
	soakLoad     = 0.6   // of what the service answers with [busyConnections]
	soakDrawings = 2_000 // in the store
	soakSamples  = 10    // lines that are printed
	// soakGrowth is how many times the memory of the first half the second half may
	// take: the page cache fills, and garbage is collected now and then.
	soakGrowth = 1.15
)

// soaked is what a program takes at one moment.
type soaked struct {
	memory                  int64 // bytes, resident
	goroutines, descriptors int
}

// soak keeps the service on its default store busy for a time, and prints what it
// takes meanwhile. It fails if a request fails or if the service does not give back
// what it took.
func (b *bench) soak(duration time.Duration) error {
	binary, err := build(b.ctx, b.dir, "onestroke", ".")
	if err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	admin := strconv.Itoa(port)
	p, err := start(b.ctx, binary, append(slices.Clone(b.env), "REDIS_URL=", "MONGODB_URI=", "DATA_DIR="+filepath.Join(b.dir, "soak"), "ADMIN_PORT="+admin)...)
	if err != nil {
		return err
	}
	b.add(p.stop)
	users, err := b.fillOurs(p, soakDrawings)
	if err != nil {
		return err
	}
	requests, err := b.soakRequests(users, 20_000)
	if err != nil {
		return err
	}
	before, err := p.takes(admin)
	if err != nil {
		return err
	}
	_, capacity, err := p.keepBusy(requests)
	if err != nil {
		return err
	}
	perSecond := soakLoad * capacity
	fmt.Printf("\nSoak: %v at %.0f requests a second, %.0f %% of what the service answers with %d connections.\n\n", duration, perSecond, 100*soakLoad, busyConnections)
	fmt.Printf("%10s %9s %9s %9s %11s %12s\n", "after", "p50", "p99", "memory", "goroutines", "descriptors")
	begin := time.Now()
	var memory []int64
	for time.Since(begin) < duration {
		n := int(perSecond * duration.Seconds() / soakSamples)
		if requests, err = b.soakRequests(users, n); err != nil {
			return err
		}
		took, err := openLoop(p.address, requests, perSecond)
		if err != nil {
			return err
		}
		now, err := p.takes(admin)
		if err != nil {
			return err
		}
		fmt.Printf("%10v %9v %9v %6.0f MB %11d %12d\n", time.Since(begin).Round(time.Second), took.at(0.5), took.at(0.99), float64(now.memory)/1e6, now.goroutines, now.descriptors)
		memory = append(memory, now.memory)
	}
	half := len(memory) / 2
	if first, second := slices.Max(memory[:half]), slices.Max(memory[half:]); float64(second) > soakGrowth*float64(first) {
		return fmt.Errorf("memory grew from %d to %d bytes", first, second)
	}
	return p.givesBack(admin, before)
}

// givesBack waits until the program has no more goroutines and descriptors than it had,
// but for a few that its stores hold for later.
func (p *program) givesBack(admin string, before soaked) error {
	const few = 10
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		now, err := p.takes(admin)
		if err != nil || now.goroutines <= before.goroutines+few && now.descriptors <= before.descriptors+few {
			return err
		}
		if time.Since(begin) > 30*time.Second {
			return fmt.Errorf("%d goroutines and %d descriptors are left of %d and %d", now.goroutines, now.descriptors, before.goroutines, before.descriptors)
		}
	}
}

// soakRequests makes requests of users taken at random: mostly reads, saves of drawings
// that exist, and a few logins.
func (b *bench) soakRequests(users []user, n int) (requests [][]byte, err error) {
	ours := b.ourRequests()
	for range n {
		u := users[rand.IntN(len(users))]
		switch at := rand.IntN(100); {
		case at < 30:
			requests = append(requests, request(http.MethodGet, "/v1/session", bearer(u.Token), nil))
		case at < 60:
			requests = append(requests, ours["get"](u))
		case at < 80:
			requests = append(requests, ours["list of 20 with thumbnails"](u))
		case at < 98:
			requests = append(requests, request(http.MethodPut, "/v1/drawings/"+u.someDrawing(), bearer(u.Token)+"If-Match: *\r\n", b.bodies[rand.IntN(len(b.bodies))]))
		default:
			login, err := b.logIn()
			if err != nil {
				return nil, err
			}
			requests = append(requests, login)
		}
	}
	return requests, nil
}

var goroutineCount = regexp.MustCompile(`^go_goroutines (\d+)$`)

// takes asks the program's metrics and /proc.
func (p *program) takes(admin string) (s soaked, err error) {
	if s.memory, err = p.resident(); err != nil {
		return s, err
	}
	open, err := os.ReadDir(p.proc("fd"))
	if err != nil {
		return s, err
	}
	s.descriptors = len(open)
	metrics, err := http.Get("http://127.0.0.1:" + admin + "/metrics")
	if err != nil {
		return s, err
	}
	defer metrics.Body.Close()
	for lines := bufio.NewScanner(metrics.Body); lines.Scan(); {
		if m := goroutineCount.FindStringSubmatch(lines.Text()); m != nil {
			s.goroutines, err = strconv.Atoi(m[1])
			return s, err
		}
	}
	return s, fmt.Errorf("the metrics have no goroutines")
}
