//go:build unix

package sqlitestore_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/packing"
	"onestroke/impl/drawing/render"
	"onestroke/impl/gallery"
	"onestroke/impl/sqlitestore"
)

// What reading costs must not depend on how many drawings there are: users have
// 100 each, or 30.
func BenchmarkRead(b *testing.B) {
	for _, total := range []int{30, 1_000, 20_000} {
		db, err := sqlitestore.Open(b.TempDir(), sqlitestore.Options{})
		if err != nil {
			b.Fatal(err)
		}
		records := realRecords(b)
		users := max(1, total/100)
		var all sync.WaitGroup
		for writer := range 32 {
			all.Go(func() {
				for n := writer; n < total; n += 32 {
					if err := db.Drawings().Insert(b.Context(), user(n%users), numberedRecord(records, n)); err != nil {
						b.Error(err)
					}
				}
			})
		}
		all.Wait()
		b.Run(fmt.Sprintf("list of 20 with thumbnails, of %d", total), func(b *testing.B) {
			defer reportCPU(b)()
			for n := 0; b.Loop(); n++ {
				items, err := db.Drawings().List(b.Context(), user(n*7%users), gallery.Position{}, 21, true)
				if err != nil || len(items) != 21 {
					b.Fatal(len(items), err)
				}
			}
		})
		b.Run(fmt.Sprintf("get, of %d", total), func(b *testing.B) {
			defer reportCPU(b)()
			for i := 0; b.Loop(); i++ {
				n := i * 7 % total
				if _, err := db.Drawings().Get(b.Context(), user(n%users), scattered(n)); err != nil {
					b.Fatal(err)
				}
			}
		})
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(db.Path())
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%d drawings: %d bytes each in the file", total, info.Size()/int64(total))
	}
}

// A durable insertion, and what sharing the wait for the disk brings.
func BenchmarkInsert(b *testing.B) {
	records := realRecords(b)
	for _, writers := range []int{1, 4, 32} {
		b.Run(fmt.Sprintf("%d writers", writers), func(b *testing.B) {
			db, err := sqlitestore.Open(b.TempDir(), sqlitestore.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			began := time.Now()
			together(b, writers, func(writer, n int) error {
				return db.Drawings().Insert(b.Context(), user(writer), numberedRecord(records, n))
			})
			b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "inserts/s")
		})
	}
}

// What a login costs the store: each user logs in four times.
func BenchmarkLogIn(b *testing.B) {
	for _, clients := range []int{1, 32} {
		b.Run(fmt.Sprintf("%d clients", clients), func(b *testing.B) {
			db, err := sqlitestore.Open(b.TempDir(), sqlitestore.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			together(b, clients, func(_, n int) error {
				x, code, a := newSession(user(n/4)), fmt.Sprint("code ", n), newAttempt()
				x.ID = scattered(n).String()
				if _, err := db.Sessions().Claim(b.Context(), code, a, time.Minute); err != nil {
					return err
				}
				_, err := db.Sessions().Complete(b.Context(), x, code, a, outcome(a), time.Minute)
				return err
			})
		})
	}
}

// together does the numbers from 1 to b.N, by so many goroutines at once, and reports
// the CPU time.
func together(b *testing.B, workers int, do func(worker, n int) error) {
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	defer reportCPU(b)()
	for worker := range workers {
		all.Go(func() {
			for n := int(next.Add(1)); n <= b.N; n = int(next.Add(1)) {
				if err := do(worker, n); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		db, err := sqlitestore.Open(dir, sqlitestore.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// reportCPU reports what an operation costs, on a machine that has more to do, too.
func reportCPU(b *testing.B) (report func()) {
	b.Helper()
	before := cpuTime(b)
	return func() { b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op") }
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func user(n int) string { return fmt.Sprintf("user-%017d", n) }

func realRecords(b *testing.B) (all []gallery.Record) {
	for _, c := range drawingtest.QuickDraw(b) {
		all = append(all, gallery.Record{
			Summary: gallery.Summary{
				Properties: c.Properties, Measures: c.Measure(), Revision: 1, ETag: "0123456789abcdefghijkl",
				Thumbnail: render.Thumbnail(c.Canvas, c.Strokes),
			},
			Packed: packing.Pack(c.Strokes),
		})
	}
	return all
}

// numberedRecord is a drawing with an ID as random as a UUID is, and its number as
// the time.
func numberedRecord(records []gallery.Record, n int) gallery.Record {
	r := records[n%len(records)]
	r.ID = scattered(n)
	r.CreatedAt = time.UnixMilli(1_700_000_000_000 + int64(n))
	r.UpdatedAt = r.CreatedAt
	return r
}

func scattered(n int) (id drawing.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(n)*0x9E3779B97F4A7C15)
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}
