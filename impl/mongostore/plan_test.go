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
// is asked how it goes about the very queries that the store sends. FerretDB
// knows look-ups by _id only, and says so.
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
			ferretDB := isFerretDB(t, db)

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
			for i, find := range sent.take("find") {
				plan := explain(t, db, find)
				if ferretDB {
					if pushdown, ok := plan.Lookup("filterPushdown").BooleanOK(); !ok || pushdown {
						t.Errorf("query %d: FerretDB says of its filter %v", i, plan)
					}
					continue
				}
				checkIndexed(t, plan, "owner_1_createdAt_-1_id_-1")
				examined := plan.Lookup("executionStats", "totalDocsExamined").AsInt64()
				if isPage := i < 2; isPage && examined > page+2 {
					t.Errorf("page %d: %d documents were read for %d", i, examined, page)
				}
			}
		})
	}
}

func TestOneDrawingIsFoundByItsKey(t *testing.T) {
	const owner = "owner-----------------"
	for _, server := range stores.MongoDB(t) {
		t.Run(server.Name, func(t *testing.T) {
			sent := &commands{}
			store, db := open(t, server.URL, options.Client().SetMonitor(&event.CommandMonitor{Started: sent.started}))
			s := gallery.New(store, gallery.Options{Quota: 10})
			id := drawingtest.ID(1)
			_, _, err := s.Put(t.Context(), owner, id, drawingtest.Content("a", 1, 3), gallery.IfAbsent())
			if err != nil {
				t.Fatal(err)
			}
			sent.take("")
			_, _, putErr := s.Put(t.Context(), owner, id, drawingtest.Content("b", 1, 3), gallery.IfPresent())
			_, _, shareErr := s.Share(t.Context(), owner, "", id)
			if err := errors.Join(putErr, shareErr, s.Unshare(t.Context(), owner, id), s.Delete(t.Context(), owner, id, gallery.IfPresent())); err != nil {
				t.Fatal(err)
			}
			ferretDB := isFerretDB(t, db)
			for _, find := range sent.take("find") {
				plan := explain(t, db, find)
				if ferretDB {
					if pushdown, _ := plan.Lookup("filterPushdown").BooleanOK(); !pushdown {
						t.Errorf("FerretDB reads all for %v", find)
					}
					continue
				}
				checkIndexed(t, plan, "_id_")
			}
			for _, update := range sent.take("update") {
				filter := update.Lookup("updates", "0", "q").Document()
				elements, err := filter.Elements()
				if err != nil || elements[0].Key() != "_id" || ferretDB && len(elements) != 1 {
					t.Errorf("changed by %v, %v", filter, err)
				}
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
	winning := plan.Lookup("queryPlanner", "winningPlan").String()
	byID := index == "_id_" && (strings.Contains(winning, "IDHACK") || strings.Contains(winning, "EXPRESS"))
	if !byID && !strings.Contains(winning, `"`+index+`"`) || strings.Contains(winning, "COLLSCAN") || strings.Contains(winning, `"SORT"`) {
		t.Errorf("not by the index %s: %s", index, winning)
	}
}

func isFerretDB(t *testing.T, db *mongo.Database) bool {
	t.Helper()
	answer, err := db.RunCommand(t.Context(), bson.D{{Key: "buildInfo", Value: 1}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	_, err = answer.LookupErr("ferretdbVersion")
	return err == nil
}
