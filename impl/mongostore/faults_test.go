package mongostore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/drawing/paint2017"
	"onestroke/impl/gallery"
	"onestroke/impl/gallery/gallerytest"
	"onestroke/impl/mongostore"
	"onestroke/impl/profile"
	"onestroke/tests/stores"
)

const faultyOwner = "owner-----------------"

// faults is what goes wrong at a replica set from now on.
type faults struct {
	now  atomic.Pointer[func(command string) stores.Fault]
	seen atomic.Int64
}

func (f *faults) set(fault func(command string) stores.Fault) { f.now.Store(&fault) }

func (f *faults) fault(command string) stores.Fault {
	f.seen.Add(1)
	if now := f.now.Load(); now != nil {
		return (*now)(command)
	}
	return stores.Fault{}
}

func TestReadsGoToThePrimary(t *testing.T) {
	// There is no secondary: what asks for one fails.
	uri := new(stores.ReplicaSet).Start(t)
	store, _ := open(t, uri+"&readPreference=secondary&serverSelectionTimeoutMS=500")
	for call, err := range everyCall(t.Context(), store) {
		if errors.Is(err, gallery.ErrUnavailable) {
			t.Errorf("%s: %v", call, err)
		}
	}
	if err := store.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestASecondaryIsNotEnough has nobody who takes writes: then nothing is ready, and
// no read is answered with what may be out of date.
func TestASecondaryIsNotEnough(t *testing.T) {
	uri := (&stores.ReplicaSet{NoPrimary: true}).Start(t)
	store := mongostore.New(connect(t, uri+"&readPreference=secondaryPreferred&serverSelectionTimeoutMS=300"), "secondary")
	for call, err := range everyCall(t.Context(), store) {
		if !errors.Is(err, gallery.ErrUnavailable) {
			t.Errorf("%s: %v", call, err)
		}
	}
}

func TestAServerThatIsBusyIsAskedAgain(t *testing.T) {
	f := &faults{}
	store, _ := open(t, (&stores.ReplicaSet{Fault: f.fault}).Start(t))
	for _, code := range []int{24, 112, 133, 462, 16500} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			s := gallery.New(store, gallery.Options{Quota: 1000})
			id := drawingtest.ID(code)
			refused := map[string]bool{} // each command, the first time
			f.set(func(command string) stores.Fault {
				if refused[command] {
					return stores.Fault{}
				}
				refused[command] = true
				return stores.Fault{Code: code}
			})
			_, _, err := s.Put(t.Context(), faultyOwner, id, drawingtest.Content("", 1, 3), gallery.IfAbsent())
			if err == nil {
				_, _, err = s.List(t.Context(), faultyOwner, 10, "", true)
			}
			if err == nil {
				err = s.Delete(t.Context(), faultyOwner, id, gallery.IfPresent())
			}
			if err != nil || len(refused) < 4 {
				t.Errorf("%v, refused %v", err, refused)
			}
		})
	}
}

func TestATransientFailureIsUnavailable(t *testing.T) {
	f := &faults{}
	store, _ := open(t, (&stores.ReplicaSet{Fault: f.fault}).Start(t))
	for _, code := range []int{24, 112, 133, 202, 462, 11601, 16500} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			f.set(func(string) stores.Fault { return stores.Fault{Code: code} })
			defer f.set(func(string) stores.Fault { return stores.Fault{} })
			before := f.seen.Load()
			calls := everyCall(t.Context(), store)
			for call, err := range calls {
				if !errors.Is(err, gallery.ErrUnavailable) || mongostore.NoAnswer(err) {
					t.Errorf("%s: %v, without an answer: %t", call, err, mongostore.NoAnswer(err))
				}
			}
			if asked := f.seen.Load() - before; asked > 5*int64(len(calls)) {
				t.Errorf("%d commands for %d calls", asked, len(calls))
			}
		})
	}
}

// The driver sends a write whose answer is lost again. If that is refused, it is not
// known whether the first was done.
func TestAShareWhoseAnswerIsLostLeadsToItsDrawing(t *testing.T) {
	f := &faults{}
	store, _ := open(t, (&stores.ReplicaSet{Fault: f.fault}).Start(t))
	id := drawingtest.ID(1)
	if _, _, err := gallery.New(store, gallery.Options{}).Put(t.Context(), faultyOwner, id, drawingtest.Content("", 1, 1), gallery.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	updates := 0
	f.set(func(command string) stores.Fault {
		if command != "update" {
			return stores.Fault{}
		}
		updates++
		switch updates {
		case 1:
			return stores.Fault{Done: true}
		case 2:
			return stores.Fault{Code: 133}
		default:
			return stores.Fault{}
		}
	})
	offered := gallery.Share{Token: "offered"}
	if got, err := store.Share(t.Context(), faultyOwner, id, offered); err != nil || got != offered {
		t.Errorf("got %v, %v", got, err)
	}
	if _, found, err := store.FindShare(t.Context(), offered.Token); err != nil || found != id || updates < 3 {
		t.Errorf("after %d updates, the token leads to %s, %v", updates, found, err)
	}
}

// A drawing that is deleted while it is shared leaves nothing behind.
func TestAShareEndsWithItsDrawing(t *testing.T) {
	for name, first := range map[string]func(ctx context.Context, s gallery.Store, id drawing.ID) error{
		"insert": func(ctx context.Context, s gallery.Store, id drawing.ID) error {
			_, err := s.Share(ctx, faultyOwner, id, gallery.Share{Token: "token"})
			return err
		},
		"delete": func(ctx context.Context, s gallery.Store, id drawing.ID) error {
			return s.Delete(ctx, faultyOwner, id, gallery.IfPresent())
		},
	} {
		t.Run("before the "+name, func(t *testing.T) {
			f := &faults{}
			uri := (&stores.ReplicaSet{Fault: f.fault}).Start(t)
			store, db := open(t, uri)
			other := mongostore.New(connect(t, uri), db.Name())
			id := drawingtest.ID(1)
			if err := store.Insert(t.Context(), faultyOwner, gallery.Record{Summary: gallery.Summary{ID: id, ETag: "a"}}); err != nil {
				t.Fatal(err)
			}
			var raced atomic.Bool
			f.set(func(command string) stores.Fault {
				if command == name && raced.CompareAndSwap(false, true) {
					var err error
					if name == "insert" {
						err = other.Delete(t.Context(), faultyOwner, id, gallery.IfPresent())
					} else {
						_, err = other.Share(t.Context(), faultyOwner, id, gallery.Share{Token: "token"})
					}
					if err != nil {
						t.Error(err)
					}
				}
				return stores.Fault{}
			})
			if err := first(t.Context(), store, id); err != nil && !errors.Is(err, gallery.ErrNotFound) {
				t.Fatal(err)
			}
			if _, err := store.Get(t.Context(), faultyOwner, id); !errors.Is(err, gallery.ErrNotFound) || !raced.Load() {
				t.Errorf("the drawing: %v", err)
			}
			if _, _, err := store.FindShare(t.Context(), "token"); !errors.Is(err, gallery.ErrNotFound) {
				t.Errorf("the share: %v", err)
			}
		})
	}
}

func TestAnExportGoesOnWhenItsCursorIsGone(t *testing.T) {
	const drawings = 120 // three batches
	f := &faults{}
	store, _ := open(t, (&stores.ReplicaSet{Fault: f.fault}).Start(t))
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := gallery.New(store, gallery.Options{Now: func() time.Time { return now }})
	for n := range drawings {
		if n%7 == 0 { // seven at the same time
			now = now.Add(time.Second)
		}
		if _, _, err := s.Put(t.Context(), faultyOwner, drawingtest.ID(n), drawingtest.Content("", 1, 1), gallery.IfAbsent()); err != nil {
			t.Fatal(err)
		}
	}
	export := func() (ids []string, err error) {
		for e, err := range s.Export(t.Context(), faultyOwner) {
			if err != nil {
				return ids, err
			}
			ids = append(ids, e.ID.String())
		}
		return ids, nil
	}
	want, err := export()
	if err != nil || len(want) != drawings {
		t.Fatalf("%d drawings, %v", len(want), err)
	}
	gone := 0
	f.set(func(command string) stores.Fault {
		if command == "getMore" {
			gone++
			return stores.Fault{Code: 43}
		}
		return stores.Fault{}
	})
	if got, err := export(); err != nil || !slices.Equal(got, want) || gone < 2 {
		t.Errorf("%d drawings, %v; %d cursors were gone", len(got), err, gone)
	}
	f.set(func(command string) stores.Fault {
		if command == "find" {
			return stores.Fault{Code: 43}
		}
		return stores.Fault{}
	})
	if _, err := export(); err == nil {
		t.Error("an export that gets nowhere does not end with an error")
	}
}

func TestAnIndexWithAnotherNameWillDo(t *testing.T) {
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			client := connect(t, server.URL)
			db := client.Database("named" + fmt.Sprint(databases.Add(1)))
			defer db.Drop(context.Background())
			list := bson.D{{Key: "owner", Value: 1}, {Key: "createdAt", Value: -1}, {Key: "id", Value: -1}}
			_, err := db.Collection("drawings").Indexes().CreateOne(t.Context(), mongo.IndexModel{Keys: list, Options: options.Index().SetName("by hand")})
			if err != nil {
				t.Fatal(err)
			}
			store := mongostore.New(client, db.Name())
			if err := store.Prepare(t.Context()); err != nil {
				t.Error(err)
			}
			// Under our own name, an index of something else.
			if err := db.Collection("shares").Indexes().DropAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err = db.Collection("shares").Indexes().CreateOne(t.Context(), mongo.IndexModel{
				Keys: bson.D{{Key: "id", Value: 1}}, Options: options.Index().SetName("owner_1"),
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Prepare(t.Context()); err == nil {
				t.Error("an index of something else was taken for the right one")
			}
		})
	}
}

func TestAnIndexMayTakeLong(t *testing.T) {
	var deadlines []int64
	monitor := &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		if e.CommandName == "createIndexes" {
			ms, _ := e.Command.Lookup("maxTimeMS").AsInt64OK()
			deadlines = append(deadlines, ms)
		}
	}}
	for _, server := range stores.MongoDB(t)[:1] {
		open(t, server.URL, options.Client().SetTimeout(10*time.Second).SetMonitor(monitor))
	}
	for _, ms := range deadlines {
		if ms != 0 && time.Duration(ms)*time.Millisecond < 10*time.Minute {
			t.Errorf("an index has %d ms", ms)
		}
	}
	if len(deadlines) != 5 { // of drawings and shares, and three of checks
		t.Errorf("%d indexes were asked for", len(deadlines))
	}
}

func TestAnOldServerIsNamedAsSuch(t *testing.T) {
	const mongodb42 = 8
	uri := (&stores.ReplicaSet{WireVersion: mongodb42}).Start(t)
	store := mongostore.New(connect(t, uri+"&serverSelectionTimeoutMS=500"), "old")
	if err := store.Check(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "it is too old: MongoDB 4.4") {
		t.Errorf("%v", err)
	}
}

func TestAPageEndsAmongDrawingsOfOneMoment(t *testing.T) {
	const drawings = 20
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			store, _ := open(t, server.URL)
			moment := gallerytest.Clock()()
			s := gallery.New(store, gallery.Options{Now: func() time.Time { return moment }})
			for n := range drawings {
				if _, _, err := s.Put(t.Context(), faultyOwner, drawingtest.ID(n), drawingtest.Content("", 1, 1), gallery.IfAbsent()); err != nil {
					t.Fatal(err)
				}
			}
			seen := map[string]bool{}
			for cursor, more := "", true; more; more = cursor != "" {
				items, next, err := s.List(t.Context(), faultyOwner, 3, cursor, true)
				if err != nil {
					t.Fatal(err)
				}
				for _, item := range items {
					if seen[item.ID.String()] {
						t.Errorf("%s twice", item.ID)
					}
					seen[item.ID.String()] = true
				}
				cursor = next
			}
			if len(seen) != drawings {
				t.Errorf("%d drawings, want %d", len(seen), drawings)
			}
		})
	}
}

// No write reaches a majority: a new primary may not have it. Who asks again because of
// that is not told that it is done.
func TestWhatMayBeRolledBackIsNotConfirmedToWhoAsksAgain(t *testing.T) {
	f := &faults{}
	store, _ := open(t, (&stores.ReplicaSet{Fault: f.fault}).Start(t))
	s := gallery.New(store, gallery.Options{})
	put := func(id drawing.ID, title string, p gallery.Precondition) error {
		_, _, err := s.Put(t.Context(), faultyOwner, id, drawingtest.Content(title, 1, 3), p)
		return err
	}
	profiles := profile.New(store, nil)
	there, created := drawingtest.ID(1), drawingtest.ID(2)
	d, _, err := s.Put(t.Context(), faultyOwner, there, drawingtest.Content("", 1, 3), gallery.IfAbsent())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Share(t.Context(), faultyOwner, there); err != nil {
		t.Fatal(err)
	}
	for _, call := range []struct {
		name string
		do   func() error
	}{
		{"create", func() error { return put(created, "", gallery.IfAbsent()) }},
		{"save of 2017", func() error {
			return s.SavePaint(t.Context(), faultyOwner, paint2017.Paint{ID: "a", Actions: "[]"})
		}},
		{"replace", func() error { return put(there, "changed", gallery.IfMatch(d.ETag)) }},
		{"nickname", func() error { return profiles.SetNickname(t.Context(), faultyOwner, "小明") }},
		{"avatar", func() error { return profiles.SetAvatar(t.Context(), faultyOwner, []byte("a JPEG")) }},
		{"no avatar", func() error { return profiles.RemoveAvatar(t.Context(), faultyOwner) }},
		{"no account", func() error { return profiles.Remove(t.Context(), faultyOwner) }},
		{"no profile", func() error { return profiles.Clear(t.Context(), faultyOwner) }},
		{"unshare", func() error { return s.Unshare(t.Context(), faultyOwner, there) }},
		{"share", func() error {
			_, _, err := s.Share(t.Context(), faultyOwner, there)
			return err
		}},
		{"delete", func() error { return s.Delete(t.Context(), faultyOwner, there, gallery.IfPresent()) }},
		{"delete all", func() error { return s.DeleteAll(t.Context(), faultyOwner) }},
	} {
		f.set(func(command string) stores.Fault {
			first := call.name != "share" && (command == "insert" || command == "delete") // of a share, the token follows
			if first || command == "update" {
				return stores.Fault{Code: 64, Done: true}
			}
			return stores.Fault{}
		})
		for n := range 3 {
			if err := call.do(); !errors.Is(err, gallery.ErrUnavailable) {
				t.Errorf("%s, asked for the %d. time: %v", call.name, n+1, err)
			}
		}
		f.set(func(string) stores.Fault { return stores.Fault{} })
		if err := call.do(); err != nil {
			t.Errorf("%s, when it reaches a majority: %v", call.name, err)
		}
	}
}
