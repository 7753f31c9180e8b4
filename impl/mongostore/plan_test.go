package mongostore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/gallery"
	"onestroke/impl/gallery/gallerytest"
	"onestroke/tests/stores"
)

// What a page costs does not depend on how many drawings there are: the server
// is asked how it goes about the very queries that the store sends.
func TestQueriesAreAnsweredFromAnIndex(t *testing.T) {
	const (
		owner    = "owner-----------------"
		drawings = 40
		page     = 5
	)
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			sent := &commands{}
			store, db := open(t, server.URL, options.Client().SetMonitor(&event.CommandMonitor{Started: sent.started}))
			s := gallery.New(store, gallery.Options{Quota: 2 * drawings, Now: gallerytest.Clock()})
			for n := range drawings {
				for _, owner := range []string{owner, "another---------------"} {
					if _, _, err := s.Put(t.Context(), owner, drawingtest.ID(n), drawingtest.Content("", 1, 3), gallery.IfAbsent()); err != nil {
						t.Fatal(err)
					}
				}
			}
			explained := plans(t, db)
			sent.take("")
			_, next, err := s.List(t.Context(), owner, page, "", true)
			if err == nil {
				_, _, err = s.List(t.Context(), owner, page, next, false)
			}
			for _, exportErr := range s.Export(t.Context(), owner) {
				if err == nil {
					err = exportErr
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			finds := sent.take("find")
			if len(finds) < 3 {
				t.Fatalf("two pages and an export are %d finds", len(finds))
			}
			for i, find := range finds {
				if by, _ := find.Lookup("filter", "owner").StringValueOK(); by != owner {
					t.Errorf("drawings are found by %v", find.Lookup("filter"))
				}
				if !explained {
					continue
				}
				plan := explain(t, db, find)
				checkIndexed(t, plan, "owner_1_createdAt_-1_id_-1")
				examined, ok := plan.Lookup("executionStats", "totalDocsExamined").AsInt64OK()
				if isPage := i < 2; isPage && (!ok || examined > page+2) {
					t.Errorf("page %d: %d documents were read for %d", i, examined, page)
				}
			}
		})
	}
}

// One drawing is asked for by the primary key, and by the shard key beside it, so
// that one shard answers; and no write sets either, which would move the document.
func TestOneDrawingIsFoundByItsKeys(t *testing.T) {
	const owner = "owner-----------------"
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			sent := &commands{}
			store, db := open(t, server.URL, options.Client().SetMonitor(&event.CommandMonitor{Started: sent.started}))
			s := gallery.New(store, gallery.Options{Quota: 10})
			id := drawingtest.ID(1)
			for n := range 5 {
				if _, _, err := s.Put(t.Context(), owner, drawingtest.ID(n), drawingtest.Content("a", 1, 3), gallery.IfAbsent()); err != nil {
					t.Fatal(err)
				}
			}
			sent.take("")
			_, _, putErr := s.Put(t.Context(), owner, id, drawingtest.Content("b", 1, 3), gallery.IfPresent())
			_, _, shareErr := s.Share(t.Context(), owner, id)
			if err := errors.Join(putErr, shareErr, s.Unshare(t.Context(), owner, id), s.Delete(t.Context(), owner, id, gallery.IfPresent())); err != nil {
				t.Fatal(err)
			}
			explained := plans(t, db)
			for name, filter := range map[string][]string{"find": {"filter"}, "update": {"updates", "0", "q"}, "delete": {"deletes", "0", "q"}} {
				asked := sent.take(name)
				if len(asked) == 0 {
					t.Errorf("no %s was sent", name)
				}
				for _, command := range asked {
					if command.Index(0).Value().StringValue() != "drawings" {
						continue
					}
					q, _ := command.Lookup(filter...).DocumentOK()
					key, _ := q.Lookup("_id").StringValueOK()
					by, _ := q.Lookup("owner").StringValueOK()
					if key != owner+"/"+id.String() || by != owner {
						t.Errorf("%s by %v", name, q)
					}
					set, _ := command.Lookup("updates", "0", "u", "$set").DocumentOK()
					for _, field := range []string{"_id", "owner"} {
						if _, err := set.LookupErr(field); err == nil {
							t.Errorf("%s sets %s", name, field)
						}
					}
					if name == "find" && explained {
						checkIndexed(t, explain(t, db, command), "_id_")
					}
				}
			}
		})
	}
}

// A shard that does not answer must not be in the way of the others.
func TestOneShardIsAskedWhetherItTakesWrites(t *testing.T) {
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			sent := &commands{}
			store, _ := open(t, server.URL, options.Client().SetMonitor(&event.CommandMonitor{Started: sent.started}))
			owners := map[string]bool{}
			for range 2 {
				if err := store.CanWrite(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for _, command := range sent.take("delete") {
				owner, _ := command.Lookup("deletes", "0", "q", "owner").StringValueOK()
				owners[owner] = true
			}
			if len(owners) != 2 || owners[""] {
				t.Errorf("the owners in the filters are %v", owners)
			}
		})
	}
}

// commands are those that a client sent.
type commands struct {
	mu  sync.Mutex
	all []bson.Raw
}

func (c *commands) started(_ context.Context, e *event.CommandStartedEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, slices.Clone(e.Command))
}

// take returns the commands of a name in the order they were sent, and leaves
// the others; for no name it takes all.
func (c *commands) take(name string) (taken []bson.Raw) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = slices.DeleteFunc(c.all, func(command bson.Raw) bool {
		first, err := command.IndexErr(0)
		if name == "" || err == nil && first.Key() == name {
			taken = append(taken, command)
			return true
		}
		return false
	})
	return taken
}

// explain asks the server about a command as it was sent, without what belongs
// to its connection.
func explain(t *testing.T, db *mongo.Database, command bson.Raw) bson.Raw {
	t.Helper()
	var sent, bare bson.D
	if err := bson.Unmarshal(command, &sent); err != nil {
		t.Fatal(err)
	}
	for _, e := range sent {
		if e.Key != "lsid" && e.Key != "txnNumber" && !strings.HasPrefix(e.Key, "$") {
			bare = append(bare, e)
		}
	}
	plan, err := db.RunCommand(t.Context(), bson.D{{Key: "explain", Value: bare}, {Key: "verbosity", Value: "executionStats"}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// checkIndexed holds MongoDB's plan to an index, which neither reads the whole
// collection nor sorts.
func checkIndexed(t *testing.T, plan bson.Raw, index string) {
	t.Helper()
	value, err := plan.LookupErr("queryPlanner", "winningPlan")
	if err != nil {
		t.Errorf("no plan in %v", plan)
		return
	}
	winning := value.String()
	byID := index == "_id_" && (strings.Contains(winning, "IDHACK") || strings.Contains(winning, "EXPRESS"))
	if !byID && !strings.Contains(winning, `"`+index+`"`) || strings.Contains(winning, "COLLSCAN") || strings.Contains(winning, `"SORT"`) {
		t.Errorf("not by the index %s: %s", index, winning)
	}
}

// plans reports whether the server says how it goes about a query as MongoDB does.
func plans(t *testing.T, db *mongo.Database) bool {
	t.Helper()
	answer, err := db.RunCommand(t.Context(), bson.D{{Key: "buildInfo", Value: 1}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	_, err = answer.LookupErr("ferretdbVersion")
	return err != nil
}
