package mongostore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
	"onestroke/impl/mongostore"
)

func TestStore(t *testing.T) {
	for _, server := range servers {
		t.Run(server.Name, func(t *testing.T) {
			drawingtest.Run(t, func(t *testing.T) drawing.Store {
				store, _ := open(t, server.URI)
				return store
			})
		})
	}
}

func TestPrepareMayBeRepeated(t *testing.T) {
	for _, server := range servers {
		t.Run(server.Name, func(t *testing.T) {
			store, db := open(t, server.URI)
			if err := store.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"drawings", "paints"} {
				indexes, err := db.Collection(name).Indexes().ListSpecifications(t.Context())
				if err != nil || len(indexes) != 2 {
					t.Errorf("%s: %d indexes, %v; want _id and the list's", name, len(indexes), err)
				}
			}
		})
	}
}

func TestQuickDrawComesBackEqual(t *testing.T) {
	const owner = "quick-----------------"
	contents := drawingtest.QuickDraw(t)
	for _, server := range servers {
		t.Run(server.Name, func(t *testing.T) {
			store, _ := open(t, server.URI)
			s := drawing.New(store)
			for i, c := range contents {
				put, _, err := s.Put(t.Context(), owner, drawingtest.ID(i), c, drawing.IfAbsent())
				if err != nil {
					t.Fatalf("put %d: %v", i, err)
				}
				got, err := s.Get(t.Context(), owner, drawingtest.ID(i))
				if err != nil {
					t.Fatalf("get %d: %v", i, err)
				}
				if fmt.Sprint(got) != fmt.Sprint(put) || fmt.Sprint(got.Strokes) != fmt.Sprint(c.Normalize().Strokes) {
					t.Fatalf("drawing %d came back changed", i)
				}
			}
		})
	}
}

func TestCorruptDocumentNamesItsDrawing(t *testing.T) {
	const owner = "owner-----------------"
	id := drawingtest.ID(1)
	for _, server := range servers {
		for field, damage := range map[string]any{
			"packed":    []byte{1, 255, 255, 255},
			"revision":  "not a number",
			"createdAt": "not a time",
		} {
			t.Run(server.Name+" "+field, func(t *testing.T) {
				store, db := open(t, server.URI)
				s := drawing.New(store)
				if _, _, err := s.Put(t.Context(), owner, id, drawingtest.Content("", 1, 1), drawing.IfAbsent()); err != nil {
					t.Fatal(err)
				}
				_, err := db.Collection("drawings").UpdateOne(t.Context(), bson.D{{Key: "_id", Value: owner + "/" + id}},
					bson.D{{Key: "$set", Value: bson.D{{Key: field, Value: damage}}}})
				if err != nil {
					t.Fatal(err)
				}
				_, err = s.Get(t.Context(), owner, id)
				if corrupt := (*drawing.CorruptError)(nil); !errors.As(err, &corrupt) || corrupt.ID != id {
					t.Errorf("get: %v", err)
				}
				_, _, err = s.List(t.Context(), owner, 10, "")
				if corrupt := (*drawing.CorruptError)(nil); field != "packed" && (!errors.As(err, &corrupt) || corrupt.ID != id) {
					t.Errorf("list: %v", err)
				}
			})
		}
	}
}

func TestServerThatIsAwayIsUnavailable(t *testing.T) {
	silent := listen(t)
	closed := listen(t)
	closed.Close()
	for name, address := range map[string]string{"refused": closed.Addr().String(), "silent": silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "mongodb://"+address+"/?serverSelectionTimeoutMS=200&connectTimeoutMS=100")
			for call, err := range everyCall(t.Context(), mongostore.New(client, "away")) {
				if !errors.Is(err, drawing.ErrUnavailable) {
					t.Errorf("%s: %v", call, err)
				}
			}
		})
	}
}

func TestCallerWhoGivesUpIsTold(t *testing.T) {
	for _, server := range servers {
		t.Run(server.Name, func(t *testing.T) {
			store, _ := open(t, server.URI)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			for call, err := range everyCall(ctx, store) {
				if !errors.Is(err, context.Canceled) || errors.Is(err, drawing.ErrUnavailable) {
					t.Errorf("%s: %v", call, err)
				}
			}
			late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
			defer cancel()
			if _, err := store.Get(late, "owner", "id"); !errors.Is(err, drawing.ErrUnavailable) {
				t.Errorf("past the deadline: %v", err)
			}
		})
	}
}

func everyCall(ctx context.Context, s *mongostore.Store) map[string]error {
	failed := map[string]error{"Prepare": s.Prepare(ctx), "Ping": s.Ping(ctx)}
	r := drawing.Record{Summary: drawing.Summary{ID: drawingtest.ID(1)}}
	failed["Insert"] = s.Insert(ctx, "owner", r)
	failed["Replace"] = s.Replace(ctx, "owner", "etag", r)
	_, failed["Get"] = s.Get(ctx, "owner", r.ID)
	failed["Delete"] = s.Delete(ctx, "owner", r.ID)
	_, failed["List"] = s.List(ctx, "owner", drawing.Position{}, 10)
	_, failed["Paints"] = s.Paints(ctx, "owner")
	failed["SavePaint"] = s.SavePaint(ctx, "owner", drawing.Paint{ID: "id"}, time.Now())
	failed["DeletePaint"] = s.DeletePaint(ctx, "owner", "id")
	return failed
}

// server is one to run the tests on.
type server struct{ Name, URI string }

var servers []server

var databases atomic.Int64

func TestMain(m *testing.M) {
	os.Exit(func() int {
		embedded, stop := startFerretDB()
		defer stop()
		servers = append(servers, server{"embedded", embedded})
		if uri := os.Getenv("TEST_MONGODB_URI"); uri != "" {
			servers = append(servers, server{"configured", uri})
		}
		return m.Run()
	}())
}

func startFerretDB() (uri string, stop func()) {
	dir, err := os.MkdirTemp("", "mongostore")
	if err != nil {
		panic(err)
	}
	f, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + dir + "/",
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Run(ctx)
	}()
	return f.MongoDBURI(), func() {
		cancel()
		<-done
		os.RemoveAll(dir)
	}
}

// open returns a prepared store on a database of its own, dropped at the end.
func open(t *testing.T, uri string) (*mongostore.Store, *mongo.Database) {
	t.Helper()
	client := connect(t, uri)
	name := fmt.Sprintf("onestroke_test_%d_%d", os.Getpid(), databases.Add(1))
	db := client.Database(name)
	t.Cleanup(func() {
		if err := db.Drop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	store := mongostore.New(client, name)
	if err := store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store, db
}

func connect(t *testing.T, uri string) *mongo.Client {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(strings.ReplaceAll(err.Error(), uri, "the server's address"))
	}
	t.Cleanup(func() { client.Disconnect(context.Background()) })
	return client
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
